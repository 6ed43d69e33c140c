package toystore.toyctl.chaos.check;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ProductReadCheckerTest {
  private final Findings findings = new Findings();
  private final ProductReadChecker reads = new ProductReadChecker(findings);

  @Test
  void readsThatNeverGoBackAreFine() {
    reads.read("Tux", reads.begin("Tux"), 1, 100);
    reads.read("Tux", reads.begin("Tux"), 1, 100);
    reads.sold("Tux", reads.begin("Tux"), 2);
    reads.read("Tux", reads.begin("Tux"), 2, 90);
    reads.read("Fox", reads.begin("Fox"), 1, 7);

    assertThat(findings.first()).isEmpty();
  }

  @Test
  void anOlderVersionThanWasShownBeforeIsAStaleRead() {
    reads.read("Tux", reads.begin("Tux"), 5, 100);

    reads.read("Tux", reads.begin("Tux"), 4, 110);

    assertThat(findings.first())
        .containsExactly("stale read of Tux: version 4 after someone had been shown version 5");
  }

  @Test
  void anOlderVersionThanAPurchaseMadeIsAStaleRead() {
    reads.sold("Tux", reads.begin("Tux"), 5);

    reads.read("Tux", reads.begin("Tux"), 4, 110);

    assertThat(findings.count()).isEqualTo(1);
  }

  @Test
  void ofTwoReadsAtTheSameTimeEitherMayBeTheOlder() {
    long early = reads.begin("Tux");
    reads.read("Tux", reads.begin("Tux"), 5, 100);

    reads.read("Tux", early, 4, 110);

    assertThat(findings.first()).isEmpty();
  }

  @Test
  void whatWasOlderAlreadyWhenTheReadBeganStaysTooOldHoweverLongItTakes() {
    reads.read("Tux", reads.begin("Tux"), 5, 100);
    long begun = reads.begin("Tux");
    reads.read("Tux", reads.begin("Tux"), 9, 60);

    reads.read("Tux", begun, 4, 110);

    assertThat(findings.count()).isEqualTo(1);
  }

  @Test
  void oneVersionWithTwoQuantitiesIsFound() {
    reads.read("Tux", reads.begin("Tux"), 5, 100);

    reads.read("Tux", reads.begin("Tux"), 5, 99);

    assertThat(findings.first())
        .containsExactly("version 5 of Tux was shown with quantity 100 and with 99");
  }

  @Test
  void aPurchaseThatMakesNoNewVersionIsFound() {
    reads.read("Tux", reads.begin("Tux"), 5, 100);

    reads.sold("Tux", reads.begin("Tux"), 5);

    assertThat(findings.count()).isEqualTo(1);
  }
}
