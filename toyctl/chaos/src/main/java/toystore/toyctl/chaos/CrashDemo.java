package toystore.toyctl.chaos;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import toystore.toyctl.chaos.check.AcknowledgementTimes;
import toystore.toyctl.chaos.check.LatencySummary;
import toystore.toyctl.chaos.check.WorkloadMonitor;
import toystore.toyctl.chaos.check.WorkloadProfile;
import toystore.toyctl.chaos.store.ThrowawayStore;

/** Repeatedly kills a node of a throwaway store under load, and measures what clients notice. */
public final class CrashDemo {
  /** The target that stands for the node that leads at the time of the kill. */
  public static final String LEADER = "leader";

  private static final Duration ELECTION_TIMEOUT = Duration.ofSeconds(60);

  /** After this many acknowledgements for each client, the load counts as steady. */
  private static final int STEADY = 5;

  private static final List<String> PRODUCTS = List.of("Tux", "Fox", "Lego");

  private final ChaosExperiment experiment;
  private final ThrowawayStore store;
  private final AcknowledgementTimes acknowledgements;
  private final String target;
  private final List<CrashDemoReport.Crash> crashes = new ArrayList<>();

  private CrashDemo(ChaosExperiment experiment, String target) {
    this.experiment = experiment;
    this.store = experiment.store();
    this.acknowledgements = experiment.monitor().acknowledgements();
    this.target = target;
  }

  /**
   * Kills the target the given number of times. Before each kill, the previously killed node has
   * caught up and the load is steady. A transfer of leadership may be in progress.
   *
   * @param listener receives each line of the timeline
   */
  public static CrashDemoReport run(
      ThrowawayStore store,
      String target,
      int times,
      int clients,
      long seed,
      Consumer<String> listener)
      throws IOException, InterruptedException {
    long start = System.nanoTime();
    try (ChaosExperiment experiment =
        ChaosExperiment.start(store, PRODUCTS, WorkloadProfile.BUYERS, clients, seed, listener)) {
      CrashDemo demo = new CrashDemo(experiment, target);
      for (int number = 1; number <= times; number++) {
        experiment.awaitPurchases(STEADY);
        demo.crashOnce(number);
      }
      experiment.awaitPurchases(STEADY);
      PromiseReport proof = experiment.finish();
      WorkloadMonitor monitor = experiment.monitor();
      return new CrashDemoReport(
          seed,
          target,
          clients,
          (System.nanoTime() - start) / 1e9,
          demo.crashes,
          monitor.ledger().acknowledged(),
          monitor.reads().sum(),
          monitor.acknowledgements().latencies(),
          summary(demo.crashes.stream().map(CrashDemoReport.Crash::gap).toList()),
          summary(demo.crashes.stream().map(CrashDemoReport.Crash::slowest).toList()),
          summary(demo.crashes.stream().map(CrashDemoReport.Crash::returnGap).toList()),
          monitor.unavailable().sum(),
          monitor.unanswered().sum(),
          monitor.acknowledgements().perSecond(start),
          proof,
          experiment.timeline().events());
    }
  }

  private static LatencySummary summary(List<Double> millis) {
    LatencySummary.Collector collector = new LatencySummary.Collector();
    millis.forEach(value -> collector.add(Duration.ofNanos((long) (value * 1e6))));
    return collector.summary();
  }

  private void crashOnce(int number) throws IOException, InterruptedException {
    String leader = store.awaitLeader(null, ELECTION_TIMEOUT);
    String victim = target.equals(LEADER) ? leader : target;
    boolean wasLeader = victim.equals(leader);
    long killed = System.nanoTime();
    store.kill(List.of(victim));
    experiment.timeline().add("crash " + number + ": " + victim + " is killed");
    String successor = wasLeader ? store.awaitLeader(victim, ELECTION_TIMEOUT) : null;
    long elected = System.nanoTime();
    experiment.awaitPurchases(1);
    long restarted = System.nanoTime();
    if (successor != null) {
      experiment.timeline().add(successor + " leads, and purchases are acknowledged again");
    }
    store.start(List.of(victim));
    long caughtUp = System.nanoTime();
    experiment.timeline().add(victim + " runs again and has caught up");
    experiment.awaitPurchases(STEADY);
    AcknowledgementTimes.Gap gap = acknowledgements.longestGap(killed, restarted);
    crashes.add(
        new CrashDemoReport.Crash(
            number,
            victim,
            experiment.timeline().msOf(killed),
            millis(killed, gap.lastNanos()),
            wasLeader ? millis(killed, elected) : null,
            successor,
            millis(killed, gap.firstNanos()),
            millis(killed, restarted),
            millis(killed, caughtUp),
            gap.length().toNanos() / 1e6,
            acknowledgements.slowest(killed, restarted).toNanos() / 1e6,
            acknowledgements.longestGap(restarted, System.nanoTime()).length().toNanos() / 1e6));
  }

  private static double millis(long from, long to) {
    return (to - from) / 1e6;
  }
}
