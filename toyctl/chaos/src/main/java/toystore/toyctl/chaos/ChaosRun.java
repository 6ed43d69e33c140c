package toystore.toyctl.chaos;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import toystore.toyctl.chaos.check.ConsistencyChecks;
import toystore.toyctl.chaos.check.ShopperProfile;
import toystore.toyctl.cluster.CommandDeadline;
import toystore.toyctl.cluster.ToyctlException;
import toystore.toyctl.cluster.Wordings;

/** One fault after the other, with quiet phases, until the time is up or a promise is broken. */
public final class ChaosRun {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Duration LONGEST_FAULT = Duration.ofSeconds(30);
  private static final int FAULTS_BETWEEN_PROOFS = 8;
  private static final int QUIET = 5;
  private static final int STORM = 10;
  private static final int STORM_CLIENTS = 4;

  /** Ten, so that a cache of eight replaces; two of them are sold out again and again. */
  static final List<String> PRODUCTS =
      List.of(
          "Tux", "Fox", "Lego", "Whale", "Barbie", "Marbles", "Bicycle", "Kite", "Drum", "Puzzle");

  private final FaultTrial trial;
  private final ThrowawayStore store;
  private final RandomFaults troubles;
  private final Map<String, Integer> faults = new TreeMap<>();
  private final List<Long> marksMs = new ArrayList<>();
  private int halts;

  private ChaosRun(FaultTrial trial, RandomFaults troubles) {
    this.trial = trial;
    this.store = trial.store();
    this.troubles = troubles;
  }

  /** The products that such a store begins with. */
  public static String catalog() {
    StringBuilder csv = new StringBuilder("name,price,quantity\n");
    for (int i = 0; i < PRODUCTS.size(); i++) {
      csv.append(PRODUCTS.get(i)).append(",9.99,").append(i < 8 ? 1_000_000_000 : 100).append("\n");
    }
    return csv.toString();
  }

  /**
   * Harms the store for that long.
   *
   * @param only parts of the names of the kinds of faults that are wanted; none for all
   * @param listener told of what happens, line by line
   */
  public static ChaosReport run(
      ThrowawayStore store,
      Duration duration,
      List<String> only,
      int clients,
      long seed,
      Consumer<String> listener)
      throws InterruptedException {
    long begun = System.nanoTime();
    Duration longest = duration.dividedBy(10);
    RandomFaults troubles =
        new RandomFaults(
            store, seed, longest.compareTo(LONGEST_FAULT) < 0 ? longest : LONGEST_FAULT, only);
    try (FaultTrial trial =
        FaultTrial.begin(store, PRODUCTS, ShopperProfile.READERS, clients, seed, listener)) {
      ChaosRun chaos = new ChaosRun(trial, troubles);
      chaos.until(CommandDeadline.in(duration));
      PromiseReport proof = trial.end();
      ConsistencyChecks checks = trial.checks();
      return new ChaosReport(
          seed,
          clients,
          store.frontEnds().size(),
          (System.nanoTime() - begun) / 1e9,
          chaos.faults,
          troubles.impossible(),
          chaos.halts,
          checks.ledger().acknowledged(),
          checks.reads().sum(),
          checks.answers().latencies(),
          checks.errors().sum(),
          checks.disturbances().sum(),
          chaos.marksMs,
          checks.answers().perSecond(begun),
          proof,
          trial.timeline().events());
    }
  }

  private void until(CommandDeadline end) throws InterruptedException {
    int count = 0;
    try {
      while (!end.passed() && trial.checks().findings().count() == 0) {
        trial.awaitProgress(QUIET);
        one();
        if (++count % FAULTS_BETWEEN_PROOFS == 0) {
          prove();
        }
      }
      trial.awaitProgress(QUIET);
    } catch (IOException | ToyctlException e) {
      // The store did not come back: a finding like any other.
      trial.checks().findings().add(Wordings.reason(e));
      trial.timeline().add("the end: " + Wordings.reason(e));
    }
  }

  private void one() throws IOException, InterruptedException {
    RandomFaults.Trouble trouble = troubles.next(store.awaitLeader(null, PATIENCE));
    int _ = faults.merge(trouble.kind(), 1, Integer::sum);
    marksMs.add(trial.timeline().msOf(System.nanoTime()));
    trial.suffer(
        trouble.fault(),
        trouble.storm()
            ? () -> trial.storm(STORM, STORM_CLIENTS)
            : FaultTrial.Meanwhile.holdFor(trouble.hold()));
    superviseNodes();
  }

  /** A node that met a failing disk, say, has halted, as it should. */
  private void superviseNodes() throws IOException, InterruptedException {
    for (String node : store.names()) {
      if (!store.runs(node)) {
        halts++;
        trial.timeline().add(node + " had halted: " + store.reason(node));
        store.start(List.of(node));
      }
    }
  }

  private void prove() throws InterruptedException {
    PromiseReport proof = trial.prove();
    if (!proof.holds()) {
      proof.findings().forEach(trial.checks().findings()::add);
    }
    trial
        .timeline()
        .add("checked: " + (proof.holds() ? "all promises hold" : "A PROMISE IS BROKEN"));
  }
}
