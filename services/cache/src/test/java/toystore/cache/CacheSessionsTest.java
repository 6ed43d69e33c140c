package toystore.cache;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import toystore.protocol.api.Uuids;
import toystore.protocol.message.CacheLeaseMessages;

class CacheSessionsTest {
  private static final Duration LEASE = Duration.ofSeconds(1);

  /** A grant without the name of who granted it. */
  private record Given(long lengthMs, boolean continued) {}

  private static final Given WHOLE = new Given(1_000, true);
  private static final Given NO_LONGER = new Given(0, true);
  private static final Given OVER = new Given(0, false);

  private final ManualTicker clock = new ManualTicker();
  private final CacheSessions sessions = opened();
  private final UUID id = Uuids.fresh();

  /** The name that the catalog has given itself. */
  private final UUID catalog = ask(sessions, Uuids.fresh(), Uuids.fresh()).catalog();

  private CacheSessions opened() {
    CacheSessions made = new CacheSessions(clock, LEASE);
    made.open();
    return made;
  }

  private static CacheLeaseMessages.Grant ask(
      CacheSessions sessions, UUID session, @Nullable UUID catalog) {
    return sessions.renew(new CacheLeaseMessages.Renewal(session, "http://front", catalog));
  }

  private static Given given(CacheLeaseMessages.Grant grant) {
    return new Given(grant.lengthMs(), grant.continued());
  }

  private Given begin(UUID session) {
    return given(ask(sessions, session, null));
  }

  private Given renew(UUID session) {
    return given(ask(sessions, session, catalog));
  }

  @Test
  @DisplayName("A new session gets a whole lease")
  void aNewSessionGetsAWholeLease() {
    assertThat(begin(id)).isEqualTo(WHOLE);
    assertThat(sessions.remainingLease(id)).isEqualTo(LEASE);
    assertThat(sessions.size()).isEqualTo(1);
  }

  @Test
  @DisplayName("A renewal extends the lease from now on")
  void aRenewalExtendsTheLeaseFromNowOn() {
    begin(id);
    clock.pass(Duration.ofMillis(900));

    assertThat(renew(id)).isEqualTo(WHOLE);
    assertThat(sessions.remainingLease(id)).isEqualTo(LEASE);
  }

  @Test
  @DisplayName("Beginning twice is one session")
  void beginningTwiceIsOneSession() {
    begin(id);
    clock.pass(Duration.ofMillis(300));

    assertThat(begin(id)).as("the first grant was lost").isEqualTo(WHOLE);
    assertThat(sessions.size()).isEqualTo(1);
  }

  @Test
  @DisplayName("A session that this catalog does not know is not continued")
  void aSessionThatThisCatalogDoesNotKnowIsNotContinued() {
    assertThat(renew(id)).isEqualTo(OVER);
    assertThat(renew(id)).as("also when that answer was lost").isEqualTo(OVER);
    assertThat(sessions.size()).isZero();
  }

  @Test
  @DisplayName(
      "A session of another catalog is not continued, even if a delayed first request arrived here")
  void sessionOfAnotherCatalogIsNotContinued() {
    UUID before = ask(opened(), id, null).catalog();
    assertThat(before).isNotEqualTo(catalog);
    begin(id);

    assertThat(given(ask(sessions, id, before))).isEqualTo(OVER);
    assertThat(given(ask(sessions, id, before))).isEqualTo(OVER);
    assertThat(begin(id)).isEqualTo(OVER);
  }

  @Test
  @DisplayName("A session whose lease ran out is over for good")
  void aSessionWhoseLeaseRanOutIsOverForGood() {
    begin(id);
    clock.pass(LEASE);

    assertThat(sessions.remainingLease(id)).isEqualTo(Duration.ZERO);
    assertThat(renew(id)).isEqualTo(OVER);
    assertThat(sessions.beginInvalidation()).isEmpty();
    assertThat(renew(id)).isEqualTo(OVER);
    assertThat(begin(id)).as("a late repetition of the beginning").isEqualTo(OVER);
  }

  @Test
  @DisplayName("A session that is gone is over for good")
  void aSessionThatIsGoneIsOverForGood() {
    begin(id);
    sessions.dropped(id);

    assertThat(sessions.remainingLease(id)).isEqualTo(Duration.ZERO);
    assertThat(begin(id)).isEqualTo(OVER);
    assertThat(begin(Uuids.fresh())).isEqualTo(WHOLE);
  }

  @Test
  @DisplayName("Every session with a lease has to acknowledge")
  void everySessionWithALeaseHasToAcknowledge() {
    UUID second = Uuids.fresh();
    begin(id);
    clock.pass(Duration.ofMillis(600));
    begin(second);

    assertThat(sessions.beginInvalidation())
        .extracting(CacheSessions.Recipient::session)
        .containsExactlyInAnyOrder(id, second);
    clock.pass(Duration.ofMillis(600));
    assertThat(sessions.beginInvalidation())
        .extracting(CacheSessions.Recipient::session)
        .containsExactly(second);
  }

  @Test
  @DisplayName("A session that has not acknowledged is extended for a quarter of the lease only")
  void unacknowledgedSessionIsExtendedForAQuarterLease() {
    begin(id);
    sessions.beginInvalidation();
    clock.pass(Duration.ofMillis(250));
    assertThat(renew(id)).isEqualTo(WHOLE);
    clock.pass(Duration.ofMillis(1));

    assertThat(renew(id)).as("it lives, but no longer").isEqualTo(NO_LONGER);
    assertThat(sessions.remainingLease(id)).isEqualTo(Duration.ofMillis(999));
    clock.pass(Duration.ofMillis(999));
    assertThat(renew(id)).isEqualTo(OVER);
  }

  @Test
  @DisplayName("An acknowledgement makes the session renewable again")
  void anAcknowledgementMakesTheSessionRenewableAgain() {
    begin(id);
    sessions.beginInvalidation();
    clock.pass(Duration.ofMillis(500));
    sessions.acknowledged(id);

    assertThat(renew(id)).isEqualTo(WHOLE);
  }

  @Test
  @DisplayName("What is owed counts from the oldest invalidation")
  void whatIsOwedCountsFromTheOldestInvalidation() {
    begin(id);
    sessions.beginInvalidation();
    clock.pass(Duration.ofMillis(200));
    sessions.beginInvalidation();
    sessions.acknowledged(id);
    clock.pass(Duration.ofMillis(100));

    assertThat(renew(id)).isEqualTo(NO_LONGER);
  }

  @Test
  @DisplayName("A catalog waits for one lease before it opens")
  void aCatalogWaitsForOneLeaseBeforeItOpens() {
    sessions.close();
    assertThat(sessions.untilOpen()).isEqualTo(LEASE);
    clock.pass(LEASE.minusNanos(1));
    assertThat(sessions.untilOpen()).isPositive();
    clock.pass(Duration.ofNanos(1));
    assertThat(sessions.untilOpen()).isZero();
    sessions.close();
    assertThat(sessions.untilOpen()).as("it lost its office meanwhile").isEqualTo(LEASE);
  }

  @Test
  @DisplayName("No session begins at a closed catalog")
  void noSessionBeginsAtAClosedCatalog() {
    CacheSessions fresh = new CacheSessions(clock, LEASE);
    assertThat(given(ask(fresh, id, null))).isEqualTo(OVER);
    sessions.close();
    assertThat(begin(id)).isEqualTo(OVER);
    assertThat(sessions.beginInvalidation()).isEmpty();
  }

  @Test
  @DisplayName("A closed catalog renews nothing but its leases are waited for")
  void aClosedCatalogRenewsNothingButItsLeasesAreWaitedFor() {
    begin(id);
    sessions.close();

    assertThat(renew(id)).isEqualTo(OVER);
    assertThat(begin(id)).isEqualTo(OVER);
    assertThat(sessions.remainingLease(id)).isEqualTo(LEASE);
    assertThat(sessions.beginInvalidation())
        .extracting(CacheSessions.Recipient::session)
        .containsExactly(id);
    sessions.open();
    assertThat(renew(id)).isEqualTo(OVER);
    assertThat(begin(Uuids.fresh())).isEqualTo(WHOLE);
  }
}
