package toystore.toyctl;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import toystore.api.Role;
import toystore.faults.Answers;
import toystore.faults.Checks;
import toystore.faults.Habits;
import toystore.faults.Shop;
import toystore.faults.Spread;
import toystore.faults.Timeline;

/** Kills a node of a throwaway store under load, again and again, and measures what clients see. */
final class CrashDemo {
  static final String LEADER = "leader";

  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Duration POLL = Duration.ofMillis(2);
  private static final List<String> PRODUCTS = List.of("Tux", "Fox", "Lego");

  private final ThrowawayStore store;
  private final String target;
  private final int clients;
  private final long seed;
  private final Timeline timeline;
  private final Checks checks = new Checks();
  private final List<CrashReport.Crash> crashes = new ArrayList<>();

  CrashDemo(ThrowawayStore store, String target, int clients, long seed, Timeline timeline) {
    this.store = store;
    this.target = target;
    this.clients = clients;
    this.seed = seed;
    this.timeline = timeline;
  }

  CrashReport run(int times) throws IOException, InterruptedException {
    long begun = System.nanoTime();
    boolean complete;
    try (Shop shop = new Shop(store.frontEnds(), PRODUCTS, Habits.BUYERS, seed, checks)) {
      shop.enter(clients);
      for (int number = 1; number <= times; number++) {
        awaitSteadyLoad();
        crash(number);
      }
      awaitSteadyLoad();
      complete = shop.leave(PATIENCE);
    }
    Proof proof = Proof.of(store, checks, PATIENCE);
    return new CrashReport(
        seed,
        target,
        clients,
        (System.nanoTime() - begun) / 1e9,
        crashes,
        checks.ledger().acknowledged(),
        checks.reads().sum(),
        checks.answers().latencies(),
        spread(crashes.stream().map(CrashReport.Crash::gap).toList()),
        spread(crashes.stream().map(CrashReport.Crash::slowest).toList()),
        spread(crashes.stream().map(CrashReport.Crash::handBackGap).toList()),
        checks.errors().sum(),
        checks.disturbances().sum(),
        complete && checks.ledger().undecided() == 0,
        checks.answers().perSecond(begun),
        proof);
  }

  private static Spread spread(List<Double> ms) {
    Spread.Collector collector = new Spread.Collector();
    ms.forEach(value -> collector.add(Duration.ofNanos((long) (value * 1e6))));
    return collector.spread();
  }

  /** Until each client has had several answers since, on average. */
  private void awaitSteadyLoad() throws InterruptedException {
    awaitAnswers(checks.answers().count() + 5L * clients);
  }

  private void awaitAnswers(long count) throws InterruptedException {
    Deadline deadline = Deadline.in(PATIENCE);
    while (checks.answers().count() < count) {
      if (deadline.passed()) {
        throw new CliException(
            ExitCode.VERIFICATION_FAILED,
            "demo",
            "no client is acknowledged anything any more; seed " + seed,
            null);
      }
      deadline.pause(POLL);
    }
  }

  private void crash(int number) throws IOException, InterruptedException {
    String leader = store.awaitLeader(null, PATIENCE);
    String victim = target.equals(LEADER) ? leader : target;
    boolean led = victim.equals(leader);
    long killed = System.nanoTime();
    store.kill(List.of(victim));
    timeline.add("crash " + number + ": " + victim + " is killed");
    String successor = led ? store.awaitLeader(victim, PATIENCE) : null;
    long elected = System.nanoTime();
    awaitAnswers(checks.answers().count() + clients);
    long served = System.nanoTime();
    if (successor != null) {
      timeline.add(successor + " leads, and clients are served");
    }
    store.start(List.of(victim));
    long caughtUp = System.nanoTime();
    timeline.add(victim + " is back and has caught up");
    if (led) {
      store.awaitLeads(highest(), PATIENCE);
    }
    long ledAgain = System.nanoTime();
    if (led) {
      timeline.add(highest() + " leads again");
    }
    awaitSteadyLoad();
    Answers.Silence gap = checks.answers().longestSilence(killed, served);
    crashes.add(
        new CrashReport.Crash(
            number,
            victim,
            timeline.msOf(killed),
            ms(killed, gap.lastNanos()),
            led ? ms(killed, elected) : null,
            successor,
            ms(killed, gap.firstNanos()),
            ms(killed, served),
            ms(killed, caughtUp),
            led ? ms(killed, ledAgain) : null,
            gap.length().toNanos() / 1e6,
            checks.answers().slowest(killed, served).toNanos() / 1e6,
            checks.answers().longestSilence(served, System.nanoTime()).length().toNanos() / 1e6));
  }

  /** The replica that takes leadership back whenever it can. */
  private String highest() {
    return store.config().nodes(Role.ORDER).getFirst().name();
  }

  private static double ms(long from, long to) {
    return (to - from) / 1e6;
  }
}
