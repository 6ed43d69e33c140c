package toystore.toyctl.chaos.check;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import toystore.protocol.api.Order;

class OrderReadCheckerTest {
  private final Violations violations = new Violations();
  private final OrderReadChecker reads = new OrderReadChecker(violations);

  @Test
  @DisplayName("A read may miss an order that no client had observed before it began")
  void unobservedOrderMayBeMissing() {
    boolean mustExist = reads.isKnown(7);
    reads.observed(new Order(7, "Tux", 1));

    reads.notFound(7, mustExist);

    assertThat(violations.first()).isEmpty();
  }

  @Test
  @DisplayName("A read that begins after a client observed the order must find it")
  void observedOrderMustBeFound() {
    reads.observed(new Order(7, "Tux", 1));

    reads.notFound(7, reads.isKnown(7));

    assertThat(violations.first())
        .containsExactly("order 7 was not found after a client had observed it");
  }

  @Test
  @DisplayName("An order that is observed with two contents is a violation")
  void changedOrderIsAViolation() {
    reads.observed(new Order(7, "Tux", 1));
    reads.observed(new Order(7, "Tux", 1));
    assertThat(violations.first()).isEmpty();

    reads.observed(new Order(7, "Tux", 2));

    assertThat(violations.count()).isEqualTo(1);
  }
}
