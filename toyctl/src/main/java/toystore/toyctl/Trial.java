package toystore.toyctl;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import toystore.faults.Checks;
import toystore.faults.Fault;
import toystore.faults.Habits;
import toystore.faults.Shop;
import toystore.faults.Timeline;

/** Clients that shop in a throwaway store while it is harmed, and everything checked meanwhile. */
public final class Trial implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Duration POLL = Duration.ofMillis(2);

  private final ThrowawayStore store;
  private final int clients;
  private final Checks checks = new Checks();
  private final Timeline timeline;
  private final Shop shop;

  private Trial(
      ThrowawayStore store,
      List<String> products,
      Habits habits,
      int clients,
      long seed,
      Timeline timeline) {
    this.store = store;
    this.clients = clients;
    this.timeline = timeline;
    this.shop = new Shop(store.frontEnds(), products, habits, seed, checks);
  }

  /**
   * Lets clients in.
   *
   * @param listener told of what happens, line by line
   */
  public static Trial begin(
      ThrowawayStore store,
      List<String> products,
      Habits habits,
      int clients,
      long seed,
      Consumer<String> listener) {
    Timeline timeline = new Timeline(event -> listener.accept(event.text()));
    Trial trial = new Trial(store, products, habits, clients, seed, timeline);
    trial.shop.enter(clients);
    return trial;
  }

  public Checks checks() {
    return checks;
  }

  public Timeline timeline() {
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
      throw new CliException(
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
    Deadline deadline = Deadline.in(PATIENCE);
    while (checks.answers().count() < goal) {
      if (deadline.passed()) {
        throw new CliException(
            ExitCode.VERIFICATION_FAILED,
            "trial",
            "clients are acknowledged nothing any more for " + deadline.inWords(),
            null);
      }
      deadline.pause(POLL);
    }
  }

  /** All promises that can be checked while clients go on. All replicas must be there. */
  public Proof prove() throws InterruptedException {
    return Proof.of(store.config(), store.client(), checks, true, PATIENCE);
  }

  /**
   * Lets clients end what they do, and checks all promises at rest. A purchase that is not decided
   * then is a finding.
   */
  public Proof end() throws InterruptedException {
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
