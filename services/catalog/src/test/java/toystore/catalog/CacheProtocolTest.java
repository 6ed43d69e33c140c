package toystore.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import toystore.api.CacheLease;

/**
 * Random runs of the cache protocol (design, section 5) with the real {@link Sessions}: one
 * product, one front end, messages that are lost, delayed and repeated, pauses, and catalogs that
 * restart. Whatever happens, the cache never shows a version below one that was published.
 */
class CacheProtocolTest {
  private static final Duration LEASE = Duration.ofSeconds(1);
  private static final int RUNS = 100_000;
  private static final int STEPS = 150;

  /** A mistake to plant, to see that the runs would find it. */
  enum Fault {
    NONE,
    SESSION_BEGUN_AGAIN_UNDER_ITS_ID,
    MISS_FROM_BEFORE_THE_SESSION_IS_KEPT,
    MISS_IS_KEPT_DESPITE_AN_INVALIDATION,
    MISS_DURING_A_ROUND_IS_KEPT,
    PUBLISHED_BEFORE_ALL_HAVE_FORGOTTEN,
    NO_LEASE_WAITED_FOR_AFTER_A_RESTART,
    GRANT_COUNTS_FROM_ITS_ARRIVAL
  }

  /** Like {@code ProductCache}, which lives in another module, for one product. */
  private static final class FrontEnd {
    UUID session;
    @Nullable UUID catalog;
    long leaseEnds;
    long calls;
    long invalidations;
    long cached;

    FrontEnd(UUID session) {
      this.session = session;
    }

    boolean valid(long now) {
      return catalog != null && leaseEnds - now > 0;
    }

    void drop(UUID next) {
      session = next;
      catalog = null;
      invalidations = 0;
      cached = 0;
    }
  }

  /** A message on its way, and what its arrival does. */
  private interface Message {
    void arrive();
  }

  private static final class Run {
    final Random random;
    final Fault fault;
    final HandClock clock = new HandClock();
    final List<Message> messages = new ArrayList<>();
    final List<String> story = new ArrayList<>();
    final FrontEnd front;
    Sessions sessions = new Sessions(clock, LEASE);
    long catalogStarted;
    long opensAt;
    long applied = 1;
    long published = 1;

    // A round under way: what it publishes, and whom it waits for.
    boolean round;
    long roundVersion;
    final Set<UUID> waitedFor = new HashSet<>();

    Run(long seed, Fault fault) {
      this.random = new Random(seed);
      this.fault = fault;
      this.front = new FrontEnd(newId());
      this.opensAt = clock.nanos();
    }

    UUID newId() {
      return new UUID(random.nextLong(), random.nextLong());
    }

    boolean open() {
      return opensAt - clock.nanos() <= 0;
    }

    /** Runs; returns the story of a stale hit, or null. */
    @Nullable String play() {
      for (int i = 0; i < STEPS; i++) {
        step();
        if (front.valid(clock.nanos()) && front.cached != 0 && front.cached < published) {
          return String.join("\n", story)
              + "\n=> version "
              + front.cached
              + " is shown, "
              + published
              + " is published";
        }
      }
      return null;
    }

    private void step() {
      switch (random.nextInt(12)) {
        case 0, 1 -> askForLease();
        case 2, 3 -> askForProduct();
        case 4 -> change();
        case 5 -> tellAgain();
        case 6 -> pass();
        case 7 -> rarely(this::restart);
        default -> deliver();
      }
      endRoundIfAllHaveForgotten();
    }

    private void rarely(Runnable step) {
      if (random.nextInt(4) == 0) {
        step.run();
      }
    }

    private void deliver() {
      if (messages.isEmpty()) {
        return;
      }
      int which = random.nextInt(messages.size());
      Message message = messages.get(which);
      int luck = random.nextInt(10);
      if (luck != 0) {
        message.arrive();
      }
      // Now and then it arrives again later.
      if (luck != 1) {
        messages.remove(which);
      }
    }

    private void pass() {
      Duration time = Duration.ofMillis(random.nextInt(random.nextInt(8) == 0 ? 1_500 : 250));
      clock.pass(time);
      story.add(time.toMillis() + " ms pass");
    }

    private void restart() {
      story.add("the catalog restarts");
      sessions = new Sessions(clock, LEASE);
      catalogStarted++;
      round = false;
      waitedFor.clear();
      opensAt = clock.nanos();
      if (fault != Fault.NO_LEASE_WAITED_FOR_AFTER_A_RESTART) {
        opensAt += LEASE.toNanos();
      }
    }

    /** A restarted catalog shows what is applied once it is open. */
    private void showApplied() {
      if (!round && published < applied) {
        published = applied;
        story.add("version " + published + " is shown after a restart");
      }
    }

    private void askForLease() {
      UUID session = front.session;
      UUID catalog = fault == Fault.SESSION_BEGUN_AGAIN_UNDER_ITS_ID ? null : front.catalog;
      long asked = clock.nanos();
      long mine = ++front.calls;
      story.add("asks for a lease" + (catalog == null ? ", a new one" : ""));
      messages.add(
          () -> {
            if (!open()) {
              return;
            }
            showApplied();
            CacheLease.Grant grant =
                sessions.renew(new CacheLease.Renewal(session, "http://front", catalog));
            story.add("the catalog grants " + grant.lengthMs() + " ms, " + grant.continued());
            messages.add(() -> granted(mine, session, asked, grant));
          });
    }

    /** As in {@code LeaseKeeper}: one call at a time, for a third of a lease, with one answer. */
    private void granted(long call, UUID session, long asked, CacheLease.Grant grant) {
      if (call != front.calls || clock.nanos() - asked > LEASE.toNanos() / 3) {
        return;
      }
      front.calls++;
      if (!session.equals(front.session)) {
        throw new AssertionError("only an answer drops a session");
      }
      story.add("hears of " + grant.lengthMs() + " ms, " + grant.continued());
      if (!grant.continued()) {
        front.drop(newId());
      } else if (grant.lengthMs() > 0) {
        long from = fault == Fault.GRANT_COUNTS_FROM_ITS_ARRIVAL ? clock.nanos() : asked;
        long ends = from + Duration.ofMillis(grant.lengthMs()).toNanos();
        front.leaseEnds = ends;
        front.catalog = grant.catalog();
      }
    }

    private void askForProduct() {
      UUID session = front.session;
      boolean told = front.catalog != null || fault == Fault.MISS_FROM_BEFORE_THE_SESSION_IS_KEPT;
      long invalidations = front.invalidations;
      story.add("misses the product" + (front.catalog == null ? ", without a session" : ""));
      messages.add(
          () -> {
            if (!open()) {
              return;
            }
            showApplied();
            boolean cacheable = !round || fault == Fault.MISS_DURING_A_ROUND_IS_KEPT;
            long version = published;
            story.add("the catalog answers version " + version + (round ? " in a round" : ""));
            messages.add(() -> fill(session, told && cacheable, invalidations, version));
          });
    }

    private void fill(UUID session, boolean keep, long invalidations, long version) {
      if (keep
          && session.equals(front.session)
          && front.valid(clock.nanos())
          && (invalidations == front.invalidations
              || fault == Fault.MISS_IS_KEPT_DESPITE_AN_INVALIDATION)) {
        story.add("keeps version " + version);
        front.cached = version;
      }
    }

    private void change() {
      if (round || !open()) {
        return;
      }
      showApplied();
      applied++;
      round = true;
      roundVersion = applied;
      story.add("version " + applied + " is applied");
      sessions.beginInvalidation().forEach(r -> waitedFor.add(r.session()));
      if (fault == Fault.PUBLISHED_BEFORE_ALL_HAVE_FORGOTTEN) {
        published = applied;
      }
      tellAgain();
    }

    private void tellAgain() {
      long catalog = catalogStarted;
      for (UUID session : waitedFor) {
        messages.add(
            () -> {
              boolean known = session.equals(front.session);
              if (known) {
                story.add("forgets the product");
                front.invalidations++;
                front.cached = 0;
              }
              long version = roundVersion;
              messages.add(() -> forgotten(catalog, version, session, known));
            });
      }
    }

    private void forgotten(long catalog, long version, UUID session, boolean known) {
      // The answer belongs to one call: neither another catalog nor another round hears it.
      if (catalog == catalogStarted
          && round
          && version == roundVersion
          && waitedFor.remove(session)) {
        if (known) {
          sessions.acknowledged(session);
        } else {
          sessions.gone(session);
        }
      }
    }

    private void endRoundIfAllHaveForgotten() {
      if (!round) {
        return;
      }
      waitedFor.removeIf(
          session -> {
            boolean over = !sessions.left(session).isPositive();
            if (over) {
              sessions.gone(session);
            }
            return over;
          });
      if (waitedFor.isEmpty()) {
        round = false;
        published = Math.max(published, roundVersion);
        story.add("version " + published + " is published");
      }
    }
  }

  private static @Nullable String firstViolation(long seed, Fault fault) {
    for (int i = 0; i < RUNS; i++) {
      String violation = new Run(seed + i, fault).play();
      if (violation != null) {
        return "seed " + (seed + i) + "\n" + violation;
      }
    }
    return null;
  }

  @Test
  void theCacheNeverShowsLessThanWasPublished() {
    long seed = System.nanoTime();
    System.out.println("seed " + seed);

    assertThat(firstViolation(seed, Fault.NONE)).isNull();
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NONE")
  void theRunsFindAPlantedMistake(Fault fault) {
    String violation = firstViolation(1, fault);

    System.out.println(fault + ": " + violation);
    assertThat(violation).isNotNull();
  }
}
