package toystore.node.replica;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import toystore.db.log.LogStatus;
import toystore.db.log.NotLeaderException;
import toystore.protocol.api.ApiException;

class LeaderReadCheckTest {
  private static final Duration TIMEOUT = Duration.ofSeconds(7);

  private static final LogStatus LEADS_IN_3 = status(true, "catalog", 3);

  private static LogStatus status(boolean leads, @Nullable String leader, long term) {
    return new LogStatus(leads, leader, term, 10, 10, Map.of());
  }

  /** The status of the member. A condition can change it. */
  private LogStatus now = LEADS_IN_3;

  private final List<String> awaited = new ArrayList<>();

  private LeaderReadCheck.Condition condition(String name, @Nullable LogStatus statusAfter) {
    return timeout -> {
      assertThat(timeout).isEqualTo(TIMEOUT);
      awaited.add(name);
      now = statusAfter == null ? now : statusAfter;
    };
  }

  /**
   * A check during which the status of the member changes.
   *
   * @param afterOpening the status after the wait for the opening; null if it does not change
   * @param afterBarrier the status after the wait for all committed entries; null if it does not
   *     change
   */
  private LeaderReadCheck check(
      @Nullable LogStatus afterOpening, @Nullable LogStatus afterBarrier) {
    return new LeaderReadCheck(
        () -> now,
        condition("open", afterOpening),
        condition("all committed", afterBarrier),
        TIMEOUT);
  }

  private static void assertDeposed(LeaderReadCheck check, @Nullable String leader) {
    assertThatThrownBy(check::await)
        .isInstanceOfSatisfying(
            NotLeaderException.class, e -> assertThat(e.leader()).isEqualTo(leader));
  }

  @Test
  @DisplayName(
      "A member that leads throughout, is open and has applied everything may answer reads")
  void acceptsALeaderThatIsOpenAndCurrent() {
    assertThatCode(check(null, null)::await).doesNotThrowAnyException();
    assertThat(awaited).containsExactly("open", "all committed");
  }

  @Test
  @DisplayName(
      "A member that is deposed during the check answers no read, although it has applied"
          + " everything")
  void rejectsALeaderThatIsDeposedMeanwhile() {
    assertDeposed(check(null, status(false, "catalog-2", 4)), "catalog-2");
    now = LEADS_IN_3;
    assertDeposed(check(status(false, null, 4), null), null);
    // The member stepped down, and it knows of no later term.
    now = LEADS_IN_3;
    assertDeposed(check(null, status(false, null, 3)), null);
  }

  @Test
  @DisplayName(
      "A member that leads again in a later term answers no read: another leader may have"
          + " published")
  void rejectsALeaderOfAnotherTerm() {
    assertDeposed(check(null, status(true, "catalog", 5)), "catalog");
    now = LEADS_IN_3;
    assertDeposed(check(status(true, "catalog", 5), null), "catalog");
  }

  @Test
  @DisplayName("A member that did not lead when the request arrived answers no read")
  void rejectsAMemberThatDidNotLeadAtFirst() {
    now = status(false, "catalog-3", 3);
    assertDeposed(check(null, LEADS_IN_3), "catalog");
  }

  @Test
  @DisplayName("Without a confirmation of leadership no read is answered")
  void failsIfLeadershipIsNotConfirmed() {
    ApiException unconfirmed = new ApiException(503, "no leader can confirm", null);
    LeaderReadCheck check =
        new LeaderReadCheck(
            () -> now,
            condition("open", null),
            timeout -> {
              throw unconfirmed;
            },
            TIMEOUT);
    assertThatThrownBy(check::await).isSameAs(unconfirmed);
  }
}
