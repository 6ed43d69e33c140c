package toystore.toyctl.chaos.check;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import toystore.protocol.message.LoggedOrder;

class AcknowledgedOrdersTest {
  private final Violations violations = new Violations();
  private final AcknowledgedOrders ledger = new AcknowledgedOrders(violations);
  private final List<LoggedOrder> log = new ArrayList<>();

  /** Three correct purchases: requested, logged, acknowledged. */
  @BeforeEach
  void buyThree() {
    for (int number = 0; number < 3; number++) {
      ledger.requested(id(number), "Tux", 1 + number);
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

  private AcknowledgedOrders.Result audited() {
    AcknowledgedOrders.Audit audit = ledger.audit(true);
    log.forEach(audit::row);
    return audit.finish();
  }

  @Test
  @DisplayName("A log with exactly the acknowledged orders is clean")
  void logOfAcknowledgedOrdersIsClean() {
    assertThat(audited()).isEqualTo(new AcknowledgedOrders.Result(3, 3, 0, 0, 0, 0));
    assertThat(audited().clean()).isTrue();
    assertThat(violations.first()).isEmpty();
  }

  @Test
  @DisplayName("An order whose response was lost is no violation")
  void orderWithoutResponseIsNoViolation() {
    ledger.requested(id(3), "Tux", 4);
    log.add(row(3, id(3), 4));

    assertThat(audited()).isEqualTo(new AcknowledgedOrders.Result(3, 3, 0, 0, 0, 0));
    assertThat(ledger.undecided()).isEqualTo(1);
  }

  @Test
  @DisplayName("An acknowledged order that is missing at the end of the log is lost")
  void missingLastOrderIsLost() {
    log.removeLast();

    assertThat(audited()).isEqualTo(new AcknowledgedOrders.Result(3, 2, 1, 0, 0, 0));
    assertThat(violations.first()).containsExactly("order 2 is lost");
  }

  @Test
  @DisplayName("An order that is missing in the middle of the log is lost and leaves a gap")
  void missingOrderInTheMiddleLeavesAGap() {
    log.remove(1);

    assertThat(audited()).isEqualTo(new AcknowledgedOrders.Result(3, 2, 1, 0, 0, 1));
  }

  @Test
  @DisplayName("A second row with the same order id is a duplicate")
  void repeatedOrderIdIsADuplicate() {
    log.add(row(3, id(0), 1));

    assertThat(audited()).isEqualTo(new AcknowledgedOrders.Result(3, 3, 0, 1, 0, 0));
  }

  @Test
  @DisplayName("An order with another number than in the response is wrong")
  void renumberedOrderIsWrong() {
    log.set(0, row(0, id(1), 2));
    log.set(1, row(1, id(0), 1));

    assertThat(audited()).isEqualTo(new AcknowledgedOrders.Result(3, 1, 0, 0, 2, 0));
  }

  @Test
  @DisplayName("An order with another quantity than requested is wrong")
  void otherQuantityIsWrong() {
    log.set(1, row(1, id(1), 7));

    assertThat(audited().wrong()).isEqualTo(1);
  }

  @Test
  @DisplayName("An order that no client requested is wrong, unless other clients buy too")
  void unrequestedOrderIsWrongUnlessOthersBuy() {
    log.add(row(3, new UUID(9, 9), 1));

    assertThat(audited().wrong()).isEqualTo(1);
    AcknowledgedOrders.Audit amongOthers = ledger.audit(false);
    log.forEach(amongOthers::row);
    assertThat(amongOthers.finish().clean()).isTrue();
  }

  @Test
  @DisplayName("An order of a refused purchase is wrong")
  void orderOfARefusedPurchaseIsWrong() {
    ledger.requested(id(3), "Tux", 4);
    ledger.refused(id(3));
    log.add(row(3, id(3), 4));

    assertThat(audited().wrong()).isEqualTo(1);
  }

  @Test
  @DisplayName("A key that is answered with two order numbers is a violation")
  void keyWithTwoNumbersIsAViolation() {
    ledger.acknowledged(id(1), 1);
    assertThat(violations.first()).isEmpty();

    ledger.acknowledged(id(1), 2);

    assertThat(violations.count()).isEqualTo(1);
  }

  @Test
  @DisplayName("Orders that are acknowledged during an audit are not expected in its rows")
  void laterAcknowledgementsAreNotExpected() {
    AcknowledgedOrders.Audit audit = ledger.audit(true);
    ledger.requested(id(3), "Tux", 4);
    ledger.acknowledged(id(3), 3);
    log.forEach(audit::row);

    assertThat(audit.finish().clean()).isTrue();
  }
}
