package toystore.toyctl.chaos;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import toystore.client.Deadline;
import toystore.toyctl.chaos.check.WorkloadMonitor;
import toystore.toyctl.chaos.check.WorkloadProfile;
import toystore.toyctl.chaos.store.ThrowawayStore;
import toystore.toyctl.cluster.ErrorText;
import toystore.toyctl.cluster.ToyctlException;

/** Injects random faults one after the other, until the time is up or a promise is broken. */
public final class ChaosRun {
  private static final Duration ELECTION_TIMEOUT = Duration.ofSeconds(60);
  private static final Duration LONGEST_FAULT = Duration.ofSeconds(30);
  private static final int FAULTS_BETWEEN_CHECKS = 8;

  /** The number of acknowledged purchases that each client must get between two faults. */
  private static final int RECOVERY_PURCHASES = 5;

  private static final int STORM_PURCHASES = 10;
  private static final int STORM_CLIENTS = 4;

  /**
   * Ten products, so that a cache of eight has to evict entries. The last two sell out repeatedly.
   */
  static final List<String> PRODUCTS =
      List.of(
          "Tux", "Fox", "Lego", "Whale", "Barbie", "Marbles", "Bicycle", "Kite", "Drum", "Puzzle");

  private final ChaosExperiment experiment;
  private final ThrowawayStore store;
  private final RandomFaults randomFaults;
  private final Map<String, Integer> counts = new TreeMap<>();
  private final List<Long> injectedMs = new ArrayList<>();
  private int halts;

  private ChaosRun(ChaosExperiment experiment, RandomFaults randomFaults) {
    this.experiment = experiment;
    this.store = experiment.store();
    this.randomFaults = randomFaults;
  }

  /** The initial products of a store for this run, as CSV text. */
  public static String catalog() {
    StringBuilder csv = new StringBuilder("name,price,quantity\n");
    for (int i = 0; i < PRODUCTS.size(); i++) {
      csv.append(PRODUCTS.get(i)).append(",9.99,").append(i < 8 ? 1_000_000_000 : 100).append("\n");
    }
    return csv.toString();
  }

  /**
   * Injects faults for the given time.
   *
   * @param only parts of the names of the kinds of faults to use, or empty for all kinds
   * @param listener receives each line of the timeline
   */
  public static ChaosReport run(
      ThrowawayStore store,
      Duration duration,
      List<String> only,
      int clients,
      long seed,
      Consumer<String> listener)
      throws InterruptedException {
    long start = System.nanoTime();
    Duration tenth = duration.dividedBy(10);
    RandomFaults randomFaults =
        new RandomFaults(
            store, seed, tenth.compareTo(LONGEST_FAULT) < 0 ? tenth : LONGEST_FAULT, only);
    try (ChaosExperiment experiment =
        ChaosExperiment.start(store, PRODUCTS, WorkloadProfile.READERS, clients, seed, listener)) {
      ChaosRun chaos = new ChaosRun(experiment, randomFaults);
      chaos.injectUntil(Deadline.in(duration));
      PromiseReport proof = experiment.finish();
      WorkloadMonitor monitor = experiment.monitor();
      return new ChaosReport(
          seed,
          clients,
          store.frontEnds().size(),
          (System.nanoTime() - start) / 1e9,
          chaos.counts,
          randomFaults.unsupported(),
          chaos.halts,
          monitor.ledger().acknowledged(),
          monitor.reads().sum(),
          monitor.acknowledgements().latencies(),
          monitor.unavailable().sum(),
          monitor.unanswered().sum(),
          chaos.injectedMs,
          monitor.acknowledgements().perSecond(start),
          proof,
          experiment.timeline().events());
    }
  }

  private void injectUntil(Deadline end) throws InterruptedException {
    int injected = 0;
    try {
      while (!end.passed() && experiment.monitor().violations().count() == 0) {
        experiment.awaitPurchases(RECOVERY_PURCHASES);
        injectOne();
        if (++injected % FAULTS_BETWEEN_CHECKS == 0) {
          verify();
        }
      }
      experiment.awaitPurchases(RECOVERY_PURCHASES);
    } catch (IOException | ToyctlException e) {
      // A store that does not recover violates a promise too.
      experiment.monitor().violations().add(ErrorText.reason(e));
      experiment.timeline().add("the run ends early: " + ErrorText.reason(e));
    }
  }

  private void injectOne() throws IOException, InterruptedException {
    RandomFaults.RandomFault next = randomFaults.next(store.awaitLeader(null, ELECTION_TIMEOUT));
    int _ = counts.merge(next.kind(), 1, Integer::sum);
    injectedMs.add(experiment.timeline().msOf(System.nanoTime()));
    experiment.inject(
        next.fault(),
        next.withRetryStorm()
            ? () -> experiment.retryStorm(STORM_PURCHASES, STORM_CLIENTS)
            : ChaosExperiment.FaultAction.waitFor(next.duration()));
    restartHaltedNodes();
  }

  /** Restarts nodes that halted, as they must do for example when their disk fails. */
  private void restartHaltedNodes() throws IOException, InterruptedException {
    for (String node : store.names()) {
      if (!store.isRunning(node)) {
        halts++;
        experiment.timeline().add(node + " had halted: " + store.exitReason(node));
        store.start(List.of(node));
      }
    }
  }

  private void verify() throws InterruptedException {
    PromiseReport report = experiment.verify();
    if (!report.holds()) {
      report.findings().forEach(experiment.monitor().violations()::add);
    }
    experiment
        .timeline()
        .add("checked: " + (report.holds() ? "all promises hold" : "A PROMISE IS BROKEN"));
  }
}
