package toystore.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import toystore.db.log.LogStatus;
import toystore.db.log.NotLeaderException;
import toystore.protocol.api.ApiException;

class LeaderReadCheckTest {
  private static final Duration PATIENCE = Duration.ofSeconds(7);

  private static final LogStatus LEADS_IN_3 = status(true, "catalog", 3);

  private static LogStatus status(boolean leads, @Nullable String leader, long term) {
    return new LogStatus(leads, leader, term, 10, 10, Map.of());
  }

  /** How the member is now; what is waited for may change it. */
  private LogStatus now = LEADS_IN_3;

  private final List<String> done = new ArrayList<>();

  private LeaderReadCheck.Step step(String name, @Nullable LogStatus becomes) {
    return patience -> {
      assertThat(patience).isEqualTo(PATIENCE);
      done.add(name);
      now = becomes == null ? now : becomes;
    };
  }

  /** A proof during which the member comes to be like this, at either of two moments. */
  private LeaderReadCheck proof(
      @Nullable LogStatus whileOpening, @Nullable LogStatus whileProving) {
    return new LeaderReadCheck(
        () -> now, step("open", whileOpening), step("all committed", whileProving), PATIENCE);
  }

  private static void assertDeposed(LeaderReadCheck proof, @Nullable String leader) {
    assertThatThrownBy(proof::await)
        .isInstanceOfSatisfying(
            NotLeaderException.class, e -> assertThat(e.leader()).isEqualTo(leader));
  }

  @Test
  void whoLeadsThroughoutIsCurrentOnceItIsOpenAndHasAppliedAll() {
    assertThatCode(proof(null, null)::await).doesNotThrowAnyException();
    assertThat(done).containsExactly("open", "all committed");
  }

  @Test
  void whoIsDeposedMeanwhileAnswersNoReadThoughItHasAppliedAll() {
    assertDeposed(proof(null, status(false, "catalog-2", 4)), "catalog-2");
    now = LEADS_IN_3;
    assertDeposed(proof(status(false, null, 4), null), null);
    // It stepped down by itself, and no other term has begun as far as it knows.
    now = LEADS_IN_3;
    assertDeposed(proof(null, status(false, null, 3)), null);
  }

  /** Its successor may have published what this one has only applied. */
  @Test
  void whoLostItsOfficeAndGotItBackMeanwhileAnswersNoRead() {
    assertDeposed(proof(null, status(true, "catalog", 5)), "catalog");
    now = LEADS_IN_3;
    assertDeposed(proof(status(true, "catalog", 5), null), "catalog");
  }

  @Test
  void whoDidNotLeadWhenTheRequestCameAnswersNoRead() {
    now = status(false, "catalog-3", 3);
    assertDeposed(proof(null, LEADS_IN_3), "catalog");
  }

  @Test
  void withoutAProofNoReadIsAnswered() {
    ApiException unproved = new ApiException(503, "no leader can confirm", null);
    LeaderReadCheck proof =
        new LeaderReadCheck(
            () -> now,
            step("open", null),
            patience -> {
              throw unproved;
            },
            PATIENCE);
    assertThatThrownBy(proof::await).isSameAs(unproved);
  }
}
