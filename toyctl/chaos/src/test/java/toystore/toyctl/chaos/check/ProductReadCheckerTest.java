package toystore.toyctl.chaos.check;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class ProductReadCheckerTest {
  private final Violations violations = new Violations();
  private final ProductReadChecker reads = new ProductReadChecker(violations);

  @Test
  @DisplayName("Reads whose versions never decrease are no violation")
  void increasingVersionsAreNoViolation() {
    reads.read("Tux", reads.newestVersion("Tux"), 1, 100);
    reads.read("Tux", reads.newestVersion("Tux"), 1, 100);
    reads.sold("Tux", reads.newestVersion("Tux"), 2);
    reads.read("Tux", reads.newestVersion("Tux"), 2, 90);
    reads.read("Fox", reads.newestVersion("Fox"), 1, 7);

    assertThat(violations.first()).isEmpty();
  }

  @Test
  @DisplayName("A read of an older version than an earlier read is stale")
  void olderVersionThanAReadIsStale() {
    reads.read("Tux", reads.newestVersion("Tux"), 5, 100);

    reads.read("Tux", reads.newestVersion("Tux"), 4, 110);

    assertThat(violations.first())
        .containsExactly("stale read of Tux: version 4 after a client had observed version 5");
  }

  @Test
  @DisplayName("A read of an older version than a purchase created is stale")
  void olderVersionThanAPurchaseIsStale() {
    reads.sold("Tux", reads.newestVersion("Tux"), 5);

    reads.read("Tux", reads.newestVersion("Tux"), 4, 110);

    assertThat(violations.count()).isEqualTo(1);
  }

  @Test
  @DisplayName("Of two concurrent reads, either may return the older version")
  void concurrentReadMayReturnTheOlderVersion() {
    long early = reads.newestVersion("Tux");
    reads.read("Tux", reads.newestVersion("Tux"), 5, 100);

    reads.read("Tux", early, 4, 110);

    assertThat(violations.first()).isEmpty();
  }

  @Test
  @DisplayName("The floor of a read is the newest version at its beginning, however long it takes")
  void floorIsThatOfTheBeginningOfTheRead() {
    reads.read("Tux", reads.newestVersion("Tux"), 5, 100);
    long floor = reads.newestVersion("Tux");
    reads.read("Tux", reads.newestVersion("Tux"), 9, 60);

    reads.read("Tux", floor, 4, 110);

    assertThat(violations.count()).isEqualTo(1);
  }

  @Test
  @DisplayName("A version that is observed with two quantities is a violation")
  void versionWithTwoQuantitiesIsAViolation() {
    reads.read("Tux", reads.newestVersion("Tux"), 5, 100);

    reads.read("Tux", reads.newestVersion("Tux"), 5, 99);

    assertThat(violations.first())
        .containsExactly("version 5 of Tux was observed with quantity 100 and with 99");
  }

  @Test
  @DisplayName("A purchase that creates no new version is a violation")
  void purchaseWithoutNewVersionIsAViolation() {
    reads.read("Tux", reads.newestVersion("Tux"), 5, 100);

    reads.sold("Tux", reads.newestVersion("Tux"), 5);

    assertThat(violations.count()).isEqualTo(1);
  }
}
