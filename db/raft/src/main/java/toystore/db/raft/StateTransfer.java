package toystore.db.raft;

import java.io.Closeable;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import toystore.db.log.LogPosition;
import toystore.db.log.ReplicatedState;

/**
 * Fetches the state from a leader whose log no longer holds the entries that this member needs. It
 * makes one attempt at a time and does not retry: the leader repeats its {@code InstallState} until
 * the member has caught up.
 */
final class StateTransfer implements Closeable {
  private static final System.Logger LOG = System.getLogger(StateTransfer.class.getName());

  private final MemberState member;
  private final Consumer<LogPosition> onInstalled;
  private final ReplicatedState state;
  private @Nullable Thread running;
  private @Nullable String source;
  private boolean interruptible;
  private boolean closed;

  /**
   * Creates a transfer that has not started.
   *
   * @param onInstalled called when the state was replaced, durably, by one at a position
   */
  StateTransfer(MemberState member, ReplicatedState state, Consumer<LogPosition> onInstalled) {
    this.member = member;
    this.onInstalled = onInstalled;
    this.state = state;
  }

  /** Starts an attempt unless one is running. Does not block. */
  synchronized void startFrom(String leader) {
    if (running != null || closed) {
      return;
    }
    source = leader;
    interruptible = true;
    try {
      running =
          Thread.ofPlatform().daemon().name("install-from-" + leader).start(() -> install(leader));
    } catch (OutOfMemoryError e) {
      LOG.log(Level.WARNING, "no thread to fetch the state", e);
    }
  }

  /**
   * Cancels an attempt with an earlier leader, whose state may end before the new leader's log
   * begins.
   */
  synchronized void cancelUnlessFrom(String leader) {
    Thread thread = running;
    if (thread != null && interruptible && !leader.equals(source)) {
      LOG.log(
          Level.INFO, "{1} leads instead of {0}: the state transfer is cancelled", source, leader);
      thread.interrupt();
    }
  }

  private void install(String leader) {
    try {
      LogPosition position = state.install(leader);
      stopInterrupts();
      // Also after a cancellation: entries that the state contains must not be applied again.
      onInstalled.accept(position);
    } catch (IOException e) {
      LOG.log(Level.INFO, "the state could not be fetched from " + leader, e);
    } catch (RuntimeException | Error e) {
      member.fail("cannot install the state of " + leader, e);
    } finally {
      ended();
    }
  }

  /** Prevents interrupts from here on, because an interrupt would close the files of the log. */
  private synchronized void stopInterrupts() {
    interruptible = false;
    var _ = Thread.interrupted();
  }

  private synchronized void ended() {
    running = null;
  }

  @Override
  public synchronized void close() {
    closed = true;
    if (running != null && interruptible) {
      running.interrupt();
    }
  }
}
