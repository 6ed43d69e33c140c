package toystore.toyctl.chaos.check;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import toystore.protocol.api.Order;

class OrderReadCheckerTest {
  private final Findings findings = new Findings();
  private final OrderReadChecker reads = new OrderReadChecker(findings);

  @Test
  void anOrderThatNobodyWasToldOfMayBeMissing() {
    boolean known = reads.begin(7);
    reads.told(new Order(7, "Tux", 1));

    reads.missing(7, known);

    assertThat(findings.first()).isEmpty();
  }

  @Test
  void anOrderThatSomeoneWasToldOfMustBeFoundFromThenOn() {
    reads.told(new Order(7, "Tux", 1));

    reads.missing(7, reads.begin(7));

    assertThat(findings.first())
        .containsExactly("order 7 was not found after someone had been told of it");
  }

  @Test
  void anOrderThatIsToldDifferentlyIsFound() {
    reads.told(new Order(7, "Tux", 1));
    reads.told(new Order(7, "Tux", 1));
    assertThat(findings.first()).isEmpty();

    reads.told(new Order(7, "Tux", 2));

    assertThat(findings.count()).isEqualTo(1);
  }
}
