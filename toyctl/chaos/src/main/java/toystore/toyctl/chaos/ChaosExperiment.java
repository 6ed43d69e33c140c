package toystore.toyctl.chaos;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import toystore.client.Deadline;
import toystore.toyctl.chaos.check.Workload;
import toystore.toyctl.chaos.check.WorkloadMonitor;
import toystore.toyctl.chaos.check.WorkloadProfile;
import toystore.toyctl.chaos.faults.Fault;
import toystore.toyctl.chaos.store.ThrowawayStore;
import toystore.toyctl.cluster.ExitCode;
import toystore.toyctl.cluster.ToyctlException;

/**
 * A workload on a throwaway store into which faults are injected, with checks of everything that
 * the clients observe.
 */
public final class ChaosExperiment implements AutoCloseable {
  private static final Duration TIMEOUT = Duration.ofSeconds(60);
  private static final Duration POLL_INTERVAL = Duration.ofMillis(2);

  private final ThrowawayStore store;
  private final int clients;
  private final WorkloadMonitor monitor = new WorkloadMonitor();
  private final FaultTimeline timeline;
  private final Workload workload;

  private ChaosExperiment(
      ThrowawayStore store,
      List<String> products,
      WorkloadProfile profile,
      int clients,
      long seed,
      FaultTimeline timeline) {
    this.store = store;
    this.clients = clients;
    this.timeline = timeline;
    this.workload = new Workload(store.frontEnds(), products, profile, seed, monitor);
  }

  /**
   * Starts the clients.
   *
   * @param listener receives each line of the timeline
   */
  public static ChaosExperiment start(
      ThrowawayStore store,
      List<String> products,
      WorkloadProfile profile,
      int clients,
      long seed,
      Consumer<String> listener) {
    FaultTimeline timeline = new FaultTimeline(event -> listener.accept(event.text()));
    ChaosExperiment experiment =
        new ChaosExperiment(store, products, profile, clients, seed, timeline);
    experiment.workload.start(clients);
    return experiment;
  }

  public WorkloadMonitor monitor() {
    return monitor;
  }

  public FaultTimeline timeline() {
    return timeline;
  }

  public ThrowawayStore store() {
    return store;
  }

  /** What is done between the injection of a fault and its healing. */
  @FunctionalInterface
  public interface FaultAction {
    void run() throws IOException, InterruptedException;

    /** Waits, so that the fault lasts this long. */
    static FaultAction waitFor(Duration time) {
      return () -> Thread.sleep(time);
    }
  }

  /** Injects a fault, runs the action, and heals the fault even if the action fails. */
  public void inject(Fault fault, FaultAction action) throws IOException, InterruptedException {
    timeline.add(fault.description());
    try {
      fault.inject();
      action.run();
    } catch (IOException | InterruptedException | RuntimeException e) {
      healAfter(fault, e);
      throw e;
    }
    fault.heal();
    timeline.add("healed");
  }

  private static void healAfter(Fault fault, Exception cause) {
    try {
      fault.heal();
    } catch (IOException | InterruptedException | RuntimeException e) {
      cause.addSuppressed(e);
    }
  }

  /**
   * Lets several clients send the same purchases with the same keys at the same time, until each
   * has an answer.
   */
  public void retryStorm(int purchases, int clientsPerPurchase) throws InterruptedException {
    if (!workload.retryStorm(purchases, clientsPerPurchase, TIMEOUT)) {
      throw new ToyctlException(
          ExitCode.VERIFICATION_FAILED,
          "experiment",
          "a purchase that several clients repeat at once has no outcome after "
              + TIMEOUT.toSeconds()
              + " s",
          null);
    }
  }

  /** Waits until clients have received this many further acknowledgements each, on average. */
  public void awaitPurchases(int perClient) throws InterruptedException {
    long goal = monitor.acknowledgements().count() + (long) perClient * clients;
    Deadline deadline = Deadline.in(TIMEOUT);
    while (monitor.acknowledgements().count() < goal) {
      if (deadline.passed()) {
        throw new ToyctlException(
            ExitCode.VERIFICATION_FAILED,
            "experiment",
            "the clients did not receive enough acknowledgements within " + deadline.inWords(),
            null);
      }
      deadline.pause(POLL_INTERVAL);
    }
  }

  /** Checks all promises while the clients continue. All replicas must be running. */
  public PromiseReport verify() throws InterruptedException {
    return PromiseReport.of(store.config(), store.client(), monitor, true, TIMEOUT);
  }

  /**
   * Stops the clients after their current requests and checks all promises. A purchase that still
   * has no outcome is a violation.
   */
  public PromiseReport finish() throws InterruptedException {
    if (!workload.stop(TIMEOUT)) {
      monitor.violations().add("a client did not stop in time");
    }
    long undecided = monitor.ledger().undecided();
    if (undecided > 0) {
      monitor.violations().add(undecided + " purchases have no outcome");
    }
    return verify();
  }

  @Override
  public void close() {
    workload.close();
  }
}
