package toystore.toyctl.chaos.check;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import toystore.protocol.message.LoggedOrder;

class OrderLedgerTest {
  private final Findings findings = new Findings();
  private final OrderLedger ledger = new OrderLedger(findings);
  private final List<LoggedOrder> log = new ArrayList<>();

  /** Three purchases as they should be: asked for, logged, acknowledged. */
  @BeforeEach
  void buyThree() {
    for (int number = 0; number < 3; number++) {
      ledger.asked(id(number), "Tux", 1 + number);
      log.add(row(number, id(number), 1 + number));
      ledger.acknowledged(id(number), number);
    }
  }

  private static UUID id(int purchase) {
    return new UUID(1, purchase);
  }

  private static LoggedOrder row(long number, UUID orderId, int quantity) {
    return new LoggedOrder(
        number, orderId, new UUID(2, number), "Tux", quantity, 999, 1, 0, number, "");
  }

  private OrderLedger.Result audited() {
    OrderLedger.Audit audit = ledger.audit(true);
    log.forEach(audit::row);
    return audit.finish();
  }

  @Test
  void aLogOfWhatWasAcknowledgedIsClean() {
    assertThat(audited()).isEqualTo(new OrderLedger.Result(3, 3, 0, 0, 0, 0));
    assertThat(audited().clean()).isTrue();
    assertThat(findings.first()).isEmpty();
  }

  @Test
  void anOrderInTheLogWhoseAnswerWasLostIsNoFault() {
    ledger.asked(id(3), "Tux", 4);
    log.add(row(3, id(3), 4));

    assertThat(audited()).isEqualTo(new OrderLedger.Result(3, 3, 0, 0, 0, 0));
    assertThat(ledger.undecided()).isEqualTo(1);
  }

  @Test
  void aLastOrderThatIsNotInTheLogIsLost() {
    log.removeLast();

    assertThat(audited()).isEqualTo(new OrderLedger.Result(3, 2, 1, 0, 0, 0));
    assertThat(findings.first()).containsExactly("order 2 is lost");
  }

  @Test
  void anOrderMissingInTheMiddleIsLostAndLeavesAGap() {
    log.remove(1);

    assertThat(audited()).isEqualTo(new OrderLedger.Result(3, 2, 1, 0, 0, 1));
  }

  @Test
  void anOrderIdThatIsThereTwiceIsFound() {
    log.add(row(3, id(0), 1));

    assertThat(audited()).isEqualTo(new OrderLedger.Result(3, 3, 0, 1, 0, 0));
  }

  @Test
  void aRenumberedOrderIsFound() {
    log.set(0, row(0, id(1), 2));
    log.set(1, row(1, id(0), 1));

    assertThat(audited()).isEqualTo(new OrderLedger.Result(3, 1, 0, 0, 2, 0));
  }

  @Test
  void anOrderWithAnotherQuantityThanAskedForIsFound() {
    log.set(1, row(1, id(1), 7));

    assertThat(audited().wrong()).isEqualTo(1);
  }

  @Test
  void anOrderThatNobodyAskedForIsFoundUnlessOthersBuyToo() {
    log.add(row(3, new UUID(9, 9), 1));

    assertThat(audited().wrong()).isEqualTo(1);
    OrderLedger.Audit amongOthers = ledger.audit(false);
    log.forEach(amongOthers::row);
    assertThat(amongOthers.finish().clean()).isTrue();
  }

  @Test
  void anOrderOfARefusedPurchaseIsFound() {
    ledger.asked(id(3), "Tux", 4);
    ledger.refused(id(3));
    log.add(row(3, id(3), 4));

    assertThat(audited().wrong()).isEqualTo(1);
  }

  @Test
  void oneKeyAnsweredWithTwoNumbersIsFound() {
    ledger.acknowledged(id(1), 1);
    assertThat(findings.first()).isEmpty();

    ledger.acknowledged(id(1), 2);

    assertThat(findings.count()).isEqualTo(1);
  }

  @Test
  void whatIsAcknowledgedDuringAnAuditIsNotExpectedInItsRows() {
    OrderLedger.Audit audit = ledger.audit(true);
    ledger.asked(id(3), "Tux", 4);
    ledger.acknowledged(id(3), 3);
    log.forEach(audit::row);

    assertThat(audit.finish().clean()).isTrue();
  }
}
