package toystore.toyctl.chaos;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import toystore.toyctl.chaos.check.AcknowledgementTimes;
import toystore.toyctl.chaos.check.ConsistencyChecks;
import toystore.toyctl.chaos.check.LatencySummary;
import toystore.toyctl.chaos.check.ShopperProfile;

/** Kills a node of a throwaway store under load, again and again, and measures what clients see. */
public final class CrashDemo {
  public static final String LEADER = "leader";

  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /** Acknowledgements of each client, on average, after which the load counts as steady. */
  private static final int STEADY = 5;

  private static final List<String> PRODUCTS = List.of("Tux", "Fox", "Lego");

  private final FaultTrial trial;
  private final ThrowawayStore store;
  private final AcknowledgementTimes answers;
  private final String target;
  private final List<CrashReport.Crash> crashes = new ArrayList<>();

  private CrashDemo(FaultTrial trial, String target) {
    this.trial = trial;
    this.store = trial.store();
    this.answers = trial.checks().answers();
    this.target = target;
  }

  /**
   * Kills the target so many times, each time when the last one has caught up and clients are
   * served steadily. It may be that leadership is handed over just then.
   *
   * @param listener told of what happens, line by line
   */
  public static CrashReport run(
      ThrowawayStore store,
      String target,
      int times,
      int clients,
      long seed,
      Consumer<String> listener)
      throws IOException, InterruptedException {
    long begun = System.nanoTime();
    try (FaultTrial trial =
        FaultTrial.begin(store, PRODUCTS, ShopperProfile.BUYERS, clients, seed, listener)) {
      CrashDemo demo = new CrashDemo(trial, target);
      for (int number = 1; number <= times; number++) {
        trial.awaitProgress(STEADY);
        demo.crash(number);
      }
      trial.awaitProgress(STEADY);
      PromiseReport proof = trial.end();
      ConsistencyChecks checks = trial.checks();
      return new CrashReport(
          seed,
          target,
          clients,
          (System.nanoTime() - begun) / 1e9,
          demo.crashes,
          checks.ledger().acknowledged(),
          checks.reads().sum(),
          checks.answers().latencies(),
          spread(demo.crashes.stream().map(CrashReport.Crash::gap).toList()),
          spread(demo.crashes.stream().map(CrashReport.Crash::slowest).toList()),
          spread(demo.crashes.stream().map(CrashReport.Crash::returnGap).toList()),
          checks.errors().sum(),
          checks.disturbances().sum(),
          checks.answers().perSecond(begun),
          proof,
          trial.timeline().events());
    }
  }

  private static LatencySummary spread(List<Double> ms) {
    LatencySummary.Collector collector = new LatencySummary.Collector();
    ms.forEach(value -> collector.add(Duration.ofNanos((long) (value * 1e6))));
    return collector.spread();
  }

  private void crash(int number) throws IOException, InterruptedException {
    String leader = store.awaitLeader(null, PATIENCE);
    String victim = target.equals(LEADER) ? leader : target;
    boolean led = victim.equals(leader);
    long killed = System.nanoTime();
    store.kill(List.of(victim));
    trial.timeline().add("crash " + number + ": " + victim + " is killed");
    String successor = led ? store.awaitLeader(victim, PATIENCE) : null;
    long elected = System.nanoTime();
    trial.awaitProgress(1);
    long served = System.nanoTime();
    if (successor != null) {
      trial.timeline().add(successor + " leads, and clients are served");
    }
    store.start(List.of(victim));
    long caughtUp = System.nanoTime();
    trial.timeline().add(victim + " is back and has caught up");
    trial.awaitProgress(STEADY);
    AcknowledgementTimes.Silence gap = answers.longestSilence(killed, served);
    crashes.add(
        new CrashReport.Crash(
            number,
            victim,
            trial.timeline().msOf(killed),
            ms(killed, gap.lastNanos()),
            led ? ms(killed, elected) : null,
            successor,
            ms(killed, gap.firstNanos()),
            ms(killed, served),
            ms(killed, caughtUp),
            gap.length().toNanos() / 1e6,
            answers.slowest(killed, served).toNanos() / 1e6,
            answers.longestSilence(served, System.nanoTime()).length().toNanos() / 1e6));
  }

  private static double ms(long from, long to) {
    return (to - from) / 1e6;
  }
}
