package toystore.order;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import toystore.api.Ids;
import toystore.api.Purchase;

class OrderRulesTest {
  private static final UUID ORDER = Ids.fresh();
  private static final UUID HOLD = Ids.fresh();
  private static final OrderRow ROW =
      new OrderRow(4, ORDER, HOLD, "Tux", 10, 1599, 17, 0, 9, OrderRow.Hash.START);

  @Test
  void theSamePurchaseIsReplayedWithItsNumberAndVersion() {
    assertThat(OrderRules.replay(ROW, new Purchase(ORDER, "Tux", 10)))
        .isEqualTo(new Purchase.Placed(4, 17, true));
  }

  @Test
  void anotherProductOrQuantityUnderTheSameIdIsNoReplay() {
    assertThat(OrderRules.replay(ROW, new Purchase(ORDER, "Tux", 11)))
        .isEqualTo(new Purchase.OtherBody(4));
    assertThat(OrderRules.replay(ROW, new Purchase(ORDER, "tux", 10)))
        .isEqualTo(new Purchase.OtherBody(4));
  }

  @Test
  void aHoldIsFreeUnlessTheOrderNamesIt() {
    assertThat(OrderRules.freesOwnHold(new OrderCommand.Numbered(0), HOLD)).isFalse();
    assertThat(OrderRules.freesOwnHold(new OrderCommand.Duplicate(ROW), HOLD)).isFalse();
    assertThat(OrderRules.freesOwnHold(new OrderCommand.Duplicate(ROW), Ids.fresh())).isTrue();
    assertThat(OrderRules.freesOwnHold(new OrderCommand.Voided(), HOLD)).isTrue();
  }

  @Test
  void commandsSurviveTheirEncoding() {
    for (OrderCommand command :
        List.of(
            new OrderCommand.Place(
                5, List.of(new OrderCommand.Entry(ORDER, HOLD, "Käthe 🐧", 3, 1599, 17, 4))),
            new OrderCommand.Place(5, List.of()),
            new OrderCommand.Resolve(6, List.of(HOLD)),
            new OrderCommand.Prune(7, 3),
            new OrderCommand.Fence(8))) {
      assertThat(OrderCommand.decode(command.encode())).isEqualTo(command);
    }
  }

  @Test
  void aCommandOfANewerVersionIsAnError() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> OrderCommand.decode(new byte[] {9, (byte) 0xa0}))
        .withMessage("unknown order command 9");
  }

  @Test
  void aReportSaysWhichOrdersWereMissed() {
    assertThat(CatchUpReport.describe(5, 5)).isEqualTo("missed no orders");
    assertThat(CatchUpReport.describe(5, 6)).isEqualTo("1 missed order, 5");
    assertThat(CatchUpReport.describe(5, 15)).isEqualTo("10 missed orders, 5–14");
  }
}
