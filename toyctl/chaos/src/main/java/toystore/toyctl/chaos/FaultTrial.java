package toystore.toyctl.chaos;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import toystore.toyctl.chaos.check.ConsistencyChecks;
import toystore.toyctl.chaos.check.FaultTimeline;
import toystore.toyctl.chaos.check.ShopperPool;
import toystore.toyctl.chaos.check.ShopperProfile;
import toystore.toyctl.chaos.faults.Fault;
import toystore.toyctl.cluster.CommandDeadline;
import toystore.toyctl.cluster.ExitCode;
import toystore.toyctl.cluster.ToyctlException;

/** Clients that shop in a throwaway store while it is harmed, and everything checked meanwhile. */
public final class FaultTrial implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Duration POLL = Duration.ofMillis(2);

  private final ThrowawayStore store;
  private final int clients;
  private final ConsistencyChecks checks = new ConsistencyChecks();
  private final FaultTimeline timeline;
  private final ShopperPool shop;

  private FaultTrial(
      ThrowawayStore store,
      List<String> products,
      ShopperProfile habits,
      int clients,
      long seed,
      FaultTimeline timeline) {
    this.store = store;
    this.clients = clients;
    this.timeline = timeline;
    this.shop = new ShopperPool(store.frontEnds(), products, habits, seed, checks);
  }

  /**
   * Lets clients in.
   *
   * @param listener told of what happens, line by line
   */
  public static FaultTrial begin(
      ThrowawayStore store,
      List<String> products,
      ShopperProfile habits,
      int clients,
      long seed,
      Consumer<String> listener) {
    FaultTimeline timeline = new FaultTimeline(event -> listener.accept(event.text()));
    FaultTrial trial = new FaultTrial(store, products, habits, clients, seed, timeline);
    trial.shop.enter(clients);
    return trial;
  }

  public ConsistencyChecks checks() {
    return checks;
  }

  public FaultTimeline timeline() {
    return timeline;
  }

  public ThrowawayStore store() {
    return store;
  }

  /** Something that is done while a fault lasts. */
  @FunctionalInterface
  public interface Meanwhile {
    void act() throws IOException, InterruptedException;

    /** The fault lasts so long. */
    static Meanwhile holdFor(Duration time) {
      return () -> Thread.sleep(time);
    }
  }

  /** Injects a fault, and heals it whatever happens meanwhile. */
  public void suffer(Fault fault, Meanwhile meanwhile) throws IOException, InterruptedException {
    timeline.add(fault.sentence());
    try {
      fault.inject();
      meanwhile.act();
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

  /** Clients ask for the same purchases under the same keys at once, until they are answered. */
  public void storm(int purchases, int together) throws InterruptedException {
    if (!shop.storm(purchases, together, PATIENCE)) {
      throw new ToyctlException(
          ExitCode.VERIFICATION_FAILED,
          "trial",
          "a purchase that several clients repeat at once is not decided within "
              + PATIENCE.toSeconds()
              + " s",
          null);
    }
  }

  /** Until each client has been acknowledged so many purchases more, on average. */
  public void awaitProgress(int each) throws InterruptedException {
    long goal = checks.answers().count() + (long) each * clients;
    CommandDeadline deadline = CommandDeadline.in(PATIENCE);
    while (checks.answers().count() < goal) {
      if (deadline.passed()) {
        throw new ToyctlException(
            ExitCode.VERIFICATION_FAILED,
            "trial",
            "clients are acknowledged nothing any more for " + deadline.inWords(),
            null);
      }
      deadline.pause(POLL);
    }
  }

  /** All promises that can be checked while clients go on. All replicas must be there. */
  public PromiseReport prove() throws InterruptedException {
    return PromiseReport.of(store.config(), store.client(), checks, true, PATIENCE);
  }

  /**
   * Lets clients end what they do, and checks all promises at rest. A purchase that is not decided
   * then is a finding.
   */
  public PromiseReport end() throws InterruptedException {
    if (!shop.leave(PATIENCE)) {
      checks.findings().add("a client does not end");
    }
    long undecided = checks.ledger().undecided();
    if (undecided > 0) {
      checks.findings().add(undecided + " purchases were never decided");
    }
    return prove();
  }

  @Override
  public void close() {
    shop.close();
  }
}
