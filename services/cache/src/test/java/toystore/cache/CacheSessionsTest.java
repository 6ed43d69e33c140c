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

  /** A grant without the id of the catalog. */
  private record Granted(long lengthMs, boolean continued) {}

  private static final Granted FULL_LEASE = new Granted(1_000, true);
  private static final Granted NOT_EXTENDED = new Granted(0, true);
  private static final Granted ENDED = new Granted(0, false);

  private final ManualTicker clock = new ManualTicker();
  private final CacheSessions sessions = opened();
  private final UUID id = Uuids.fresh();

  /** The id that the catalog has chosen for itself. */
  private final UUID catalog = requestLease(sessions, Uuids.fresh(), Uuids.fresh()).catalog();

  private CacheSessions opened() {
    CacheSessions made = new CacheSessions(clock, LEASE);
    made.open();
    return made;
  }

  private static CacheLeaseMessages.Grant requestLease(
      CacheSessions sessions, UUID session, @Nullable UUID catalog) {
    return sessions.renew(new CacheLeaseMessages.Renewal(session, "http://front", catalog));
  }

  private static Granted granted(CacheLeaseMessages.Grant grant) {
    return new Granted(grant.lengthMs(), grant.continued());
  }

  private Granted begin(UUID session) {
    return granted(requestLease(sessions, session, null));
  }

  private Granted renew(UUID session) {
    return granted(requestLease(sessions, session, catalog));
  }

  @Test
  @DisplayName("A new session gets a full lease")
  void aNewSessionGetsAFullLease() {
    assertThat(begin(id)).isEqualTo(FULL_LEASE);
    assertThat(sessions.remainingLease(id)).isEqualTo(LEASE);
    assertThat(sessions.size()).isEqualTo(1);
  }

  @Test
  @DisplayName("A renewal extends the lease to its full length from now on")
  void aRenewalStartsAFullLeaseNow() {
    begin(id);
    clock.pass(Duration.ofMillis(900));

    assertThat(renew(id)).isEqualTo(FULL_LEASE);
    assertThat(sessions.remainingLease(id)).isEqualTo(LEASE);
  }

  @Test
  @DisplayName("A repeated first request begins one session only")
  void aRepeatedFirstRequestBeginsOneSession() {
    begin(id);
    clock.pass(Duration.ofMillis(300));

    assertThat(begin(id)).as("the first grant was lost").isEqualTo(FULL_LEASE);
    assertThat(sessions.size()).isEqualTo(1);
  }

  @Test
  @DisplayName("A session that this catalog does not know is not continued")
  void anUnknownSessionIsNotContinued() {
    assertThat(renew(id)).isEqualTo(ENDED);
    assertThat(renew(id)).as("repeated because the answer was lost").isEqualTo(ENDED);
    assertThat(sessions.size()).isZero();
  }

  @Test
  @DisplayName(
      "A session of another catalog is not continued, even if a delayed first request arrived here")
  void sessionOfAnotherCatalogIsNotContinued() {
    UUID before = requestLease(opened(), id, null).catalog();
    assertThat(before).isNotEqualTo(catalog);
    begin(id);

    assertThat(granted(requestLease(sessions, id, before))).isEqualTo(ENDED);
    assertThat(granted(requestLease(sessions, id, before))).isEqualTo(ENDED);
    assertThat(begin(id)).isEqualTo(ENDED);
  }

  @Test
  @DisplayName("A session whose lease has expired is never continued")
  void aSessionNeverContinuesAfterItsLeaseExpired() {
    begin(id);
    clock.pass(LEASE);

    assertThat(sessions.remainingLease(id)).isEqualTo(Duration.ZERO);
    assertThat(renew(id)).isEqualTo(ENDED);
    assertThat(sessions.beginInvalidation()).isEmpty();
    assertThat(renew(id)).isEqualTo(ENDED);
    assertThat(begin(id)).as("a delayed repetition of the first request").isEqualTo(ENDED);
  }

  @Test
  @DisplayName("A session that the front end has dropped is never continued")
  void aDroppedSessionIsNeverContinued() {
    begin(id);
    sessions.dropped(id);

    assertThat(sessions.remainingLease(id)).isEqualTo(Duration.ZERO);
    assertThat(begin(id)).isEqualTo(ENDED);
    assertThat(begin(Uuids.fresh())).isEqualTo(FULL_LEASE);
  }

  @Test
  @DisplayName("Every session with a valid lease must acknowledge an invalidation")
  void everySessionWithALeaseMustAcknowledge() {
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
    assertThat(renew(id)).isEqualTo(FULL_LEASE);
    clock.pass(Duration.ofMillis(1));

    assertThat(renew(id))
        .as("the session continues, but its lease is not extended")
        .isEqualTo(NOT_EXTENDED);
    assertThat(sessions.remainingLease(id)).isEqualTo(Duration.ofMillis(999));
    clock.pass(Duration.ofMillis(999));
    assertThat(renew(id)).isEqualTo(ENDED);
  }

  @Test
  @DisplayName("After an acknowledgement the lease is renewable again")
  void anAcknowledgementMakesTheLeaseRenewableAgain() {
    begin(id);
    sessions.beginInvalidation();
    clock.pass(Duration.ofMillis(500));
    sessions.acknowledged(id);

    assertThat(renew(id)).isEqualTo(FULL_LEASE);
  }

  @Test
  @DisplayName(
      "The time without acknowledgement counts from the oldest unacknowledged invalidation")
  void theOldestUnacknowledgedInvalidationCounts() {
    begin(id);
    sessions.beginInvalidation();
    clock.pass(Duration.ofMillis(200));
    sessions.beginInvalidation();
    sessions.acknowledged(id);
    clock.pass(Duration.ofMillis(100));

    assertThat(renew(id)).isEqualTo(NOT_EXTENDED);
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
    assertThat(sessions.untilOpen()).as("it lost leadership meanwhile").isEqualTo(LEASE);
  }

  @Test
  @DisplayName("No session begins while the catalog is closed")
  void noSessionBeginsWhileTheCatalogIsClosed() {
    CacheSessions fresh = new CacheSessions(clock, LEASE);
    assertThat(granted(requestLease(fresh, id, null))).isEqualTo(ENDED);
    sessions.close();
    assertThat(begin(id)).isEqualTo(ENDED);
    assertThat(sessions.beginInvalidation()).isEmpty();
  }

  @Test
  @DisplayName("A closed catalog renews no lease, but changes still wait for its valid leases")
  void aClosedCatalogRenewsNoLeaseAndAwaitsOldOnes() {
    begin(id);
    sessions.close();

    assertThat(renew(id)).isEqualTo(ENDED);
    assertThat(begin(id)).isEqualTo(ENDED);
    assertThat(sessions.remainingLease(id)).isEqualTo(LEASE);
    assertThat(sessions.beginInvalidation())
        .extracting(CacheSessions.Recipient::session)
        .containsExactly(id);
    sessions.open();
    assertThat(renew(id)).isEqualTo(ENDED);
    assertThat(begin(Uuids.fresh())).isEqualTo(FULL_LEASE);
  }
}
