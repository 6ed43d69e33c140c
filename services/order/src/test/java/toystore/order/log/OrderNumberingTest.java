package toystore.order.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import toystore.protocol.api.Uuids;
import toystore.protocol.message.Hold;
import toystore.protocol.message.MessageCodec;
import toystore.protocol.message.PurchaseRequest;

class OrderNumberingTest {
  private static final UUID ORDER = Uuids.fresh();
  private static final UUID HOLD = Uuids.fresh();
  private static final OrderRow ROW =
      new OrderRow(4, ORDER, HOLD, "Tux", 10, 1599, 17, 0, 9, OrderRow.Hash.START);

  @Test
  @DisplayName("The same purchase is replayed with its number and version")
  void replaysTheSamePurchase() {
    assertThat(OrderNumbering.replay(ROW, new PurchaseRequest(ORDER, "Tux", 10)))
        .isEqualTo(new PurchaseRequest.Placed(4, 17, true));
  }

  @Test
  @DisplayName("Another product or quantity under the same id is not replayed")
  void doesNotReplayAnotherProductOrQuantity() {
    assertThat(OrderNumbering.replay(ROW, new PurchaseRequest(ORDER, "Tux", 11)))
        .isEqualTo(new PurchaseRequest.OrderIdReused(4));
    assertThat(OrderNumbering.replay(ROW, new PurchaseRequest(ORDER, "tux", 10)))
        .isEqualTo(new PurchaseRequest.OrderIdReused(4));
  }

  @Test
  @DisplayName("A hold is released unless the order names it")
  void releasesAHoldUnlessTheOrderNamesIt() {
    assertThat(OrderNumbering.releasesOwnHold(new OrderLogCommand.Numbered(0), HOLD)).isFalse();
    assertThat(OrderNumbering.releasesOwnHold(new OrderLogCommand.Duplicate(ROW), HOLD)).isFalse();
    assertThat(OrderNumbering.releasesOwnHold(new OrderLogCommand.Duplicate(ROW), Uuids.fresh()))
        .isTrue();
    assertThat(OrderNumbering.releasesOwnHold(new OrderLogCommand.Voided(), HOLD)).isTrue();
  }

  @Test
  @DisplayName("Every command is decoded as it was encoded")
  void commandsAreEncodedAndDecoded() {
    for (OrderLogCommand command :
        List.of(
            new OrderLogCommand.Place(
                5, List.of(new OrderLogCommand.Entry(ORDER, HOLD, "Käthe 🐧", 3, 1599, 17, 4))),
            new OrderLogCommand.Place(5, List.of()),
            new OrderLogCommand.Resolve(6, List.of(new Hold.InDoubt(HOLD, ORDER))),
            new OrderLogCommand.Resolve(6, List.of(new Hold.InDoubt(HOLD, null))),
            new OrderLogCommand.Prune(7, 3),
            new OrderLogCommand.Fence(8))) {
      assertThat(OrderLogCommand.decode(command.encode())).isEqualTo(command);
    }
  }

  @Test
  @DisplayName("A resolution of an older version is decoded")
  void decodesAResolutionOfAnOlderVersion() {
    byte[] body = MessageCodec.toCbor(List.of(6L, List.of(HOLD)));
    byte[] command = new byte[body.length + 1];
    command[0] = 2;
    System.arraycopy(body, 0, command, 1, body.length);

    assertThat(OrderLogCommand.decode(command))
        .isEqualTo(new OrderLogCommand.Resolve(6, List.of(new Hold.InDoubt(HOLD, null))));
  }

  @Test
  @DisplayName("A command of a newer version is an error")
  void rejectsACommandOfANewerVersion() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> OrderLogCommand.decode(new byte[] {9, (byte) 0xa0}))
        .withMessage("unknown order command 9");
  }

  @Test
  @DisplayName("The catch-up report names the missed orders and where they came from")
  void reportsMissedOrders() {
    List<FetchedOrders.Range> none = List.of();
    assertThat(CatchUpReport.describe(none, 5, 5, "order-3")).isEqualTo("missed no orders");
    assertThat(CatchUpReport.describe(none, 5, 6, "order-3"))
        .isEqualTo("1 missed order, 5, from the log of order-3");
    assertThat(CatchUpReport.describe(none, 5, 15, null))
        .isEqualTo("10 missed orders, 5–14, from the Raft log");
    List<FetchedOrders.Range> some = List.of(new FetchedOrders.Range("order-3", 4812, 4823));
    assertThat(CatchUpReport.describe(some, 4824, 4824, "order-3"))
        .isEqualTo("12 missed orders, 4812–4823, from order-3");
    assertThat(CatchUpReport.describe(some, 4824, 4826, "order-2"))
        .isEqualTo("14 missed orders: 4812–4823 from order-3, 4824–4825 from the log of order-2");
  }
}
