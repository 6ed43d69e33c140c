package toystore.cache;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
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
  void aNewSessionGetsAWholeLease() {
    assertThat(begin(id)).isEqualTo(WHOLE);
    assertThat(sessions.left(id)).isEqualTo(LEASE);
    assertThat(sessions.size()).isEqualTo(1);
  }

  @Test
  void aRenewalExtendsTheLeaseFromNowOn() {
    begin(id);
    clock.pass(Duration.ofMillis(900));

    assertThat(renew(id)).isEqualTo(WHOLE);
    assertThat(sessions.left(id)).isEqualTo(LEASE);
  }

  @Test
  void beginningTwiceIsOneSession() {
    begin(id);
    clock.pass(Duration.ofMillis(300));

    assertThat(begin(id)).as("the first grant was lost").isEqualTo(WHOLE);
    assertThat(sessions.size()).isEqualTo(1);
  }

  @Test
  void aSessionThatThisCatalogDoesNotKnowIsNotContinued() {
    assertThat(renew(id)).isEqualTo(OVER);
    assertThat(renew(id)).as("also when that answer was lost").isEqualTo(OVER);
    assertThat(sessions.size()).isZero();
  }

  @Test
  void aSessionOfAnotherCatalogIsNotContinuedThoughALateBeginningArrivedHereToo() {
    UUID before = ask(opened(), id, null).catalog();
    assertThat(before).isNotEqualTo(catalog);
    begin(id);

    assertThat(given(ask(sessions, id, before))).isEqualTo(OVER);
    assertThat(given(ask(sessions, id, before))).isEqualTo(OVER);
    assertThat(begin(id)).isEqualTo(OVER);
  }

  @Test
  void aSessionWhoseLeaseRanOutIsOverForGood() {
    begin(id);
    clock.pass(LEASE);

    assertThat(sessions.left(id)).isEqualTo(Duration.ZERO);
    assertThat(renew(id)).isEqualTo(OVER);
    assertThat(sessions.beginInvalidation()).isEmpty();
    assertThat(renew(id)).isEqualTo(OVER);
    assertThat(begin(id)).as("a late repetition of the beginning").isEqualTo(OVER);
  }

  @Test
  void aSessionThatIsGoneIsOverForGood() {
    begin(id);
    sessions.gone(id);

    assertThat(sessions.left(id)).isEqualTo(Duration.ZERO);
    assertThat(begin(id)).isEqualTo(OVER);
    assertThat(begin(Uuids.fresh())).isEqualTo(WHOLE);
  }

  @Test
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
  void aSessionThatOwesAnAcknowledgementIsExtendedForAQuarterOfALeaseAndNoLonger() {
    begin(id);
    sessions.beginInvalidation();
    clock.pass(Duration.ofMillis(250));
    assertThat(renew(id)).isEqualTo(WHOLE);
    clock.pass(Duration.ofMillis(1));

    assertThat(renew(id)).as("it lives, but no longer").isEqualTo(NO_LONGER);
    assertThat(sessions.left(id)).isEqualTo(Duration.ofMillis(999));
    clock.pass(Duration.ofMillis(999));
    assertThat(renew(id)).isEqualTo(OVER);
  }

  @Test
  void anAcknowledgementMakesTheSessionRenewableAgain() {
    begin(id);
    sessions.beginInvalidation();
    clock.pass(Duration.ofMillis(500));
    sessions.acknowledged(id);

    assertThat(renew(id)).isEqualTo(WHOLE);
  }

  @Test
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
  void noSessionBeginsAtAClosedCatalog() {
    CacheSessions fresh = new CacheSessions(clock, LEASE);
    assertThat(given(ask(fresh, id, null))).isEqualTo(OVER);
    sessions.close();
    assertThat(begin(id)).isEqualTo(OVER);
    assertThat(sessions.beginInvalidation()).isEmpty();
  }

  @Test
  void aClosedCatalogRenewsNothingButItsLeasesAreWaitedFor() {
    begin(id);
    sessions.close();

    assertThat(renew(id)).isEqualTo(OVER);
    assertThat(begin(id)).isEqualTo(OVER);
    assertThat(sessions.left(id)).isEqualTo(LEASE);
    assertThat(sessions.beginInvalidation())
        .extracting(CacheSessions.Recipient::session)
        .containsExactly(id);
    sessions.open();
    assertThat(renew(id)).isEqualTo(OVER);
    assertThat(begin(Uuids.fresh())).isEqualTo(WHOLE);
  }
}
