package toystore.db.raft;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import toystore.db.log.LogListener;

/** Records the events of one member. */
final class RecordedEvents implements LogListener {
  private final List<Long> termsLed = new CopyOnWriteArrayList<>();
  private final List<String> fatal = new CopyOnWriteArrayList<>();
  private final CountDownLatch leadershipGate;

  /**
   * @param leadershipGate blocks {@link #leadershipStarted} until it is opened
   */
  RecordedEvents(CountDownLatch leadershipGate) {
    this.leadershipGate = leadershipGate;
  }

  @Override
  public void leadershipStarted(long term) {
    try {
      leadershipGate.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
    termsLed.add(term);
  }

  @Override
  public void leadershipEnded() {}

  @Override
  public void leaderChanged(String leader, long term) {}

  @Override
  public void fatal(String message, @Nullable Throwable cause) {
    fatal.add(message + (cause == null ? "" : ": " + cause));
  }

  /** How often the member became the leader. */
  int timesLed() {
    return termsLed.size();
  }

  List<String> fatal() {
    return fatal;
  }
}
