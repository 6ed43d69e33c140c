package toystore.db.raft;

import java.io.Closeable;
import java.io.IOException;
import java.lang.System.Logger.Level;
import org.jspecify.annotations.Nullable;
import toystore.db.log.LogPosition;
import toystore.db.log.ReplicatedState;

/**
 * Gets what a leader's log no longer holds, one attempt at a time. A leader goes on telling where
 * its log begins as long as that is needed, so a failed attempt is not repeated here.
 */
final class StateTransfer implements Closeable {
  private static final System.Logger LOG = System.getLogger(StateTransfer.class.getName());

  private final RaftNode node;
  private final ReplicatedState state;
  private @Nullable Thread underWay;
  private @Nullable String from;
  private boolean interruptible;
  private boolean closed;

  StateTransfer(RaftNode node, ReplicatedState state) {
    this.node = node;
    this.state = state;
  }

  /** Begins unless one is under way. Does not block. */
  synchronized void begin(String leader) {
    if (underWay != null || closed) {
      return;
    }
    from = leader;
    interruptible = true;
    try {
      underWay =
          Thread.ofPlatform().daemon().name("install-from-" + leader).start(() -> install(leader));
    } catch (OutOfMemoryError e) {
      LOG.log(Level.WARNING, "no thread to fetch what is missing", e);
    }
  }

  /** What a leader of the past has may be less than what the new one's log begins with. */
  synchronized void giveUpUnlessFrom(String leader) {
    Thread thread = underWay;
    if (thread != null && interruptible && !leader.equals(from)) {
      LOG.log(Level.INFO, "{0} leads no more, {1} does", from, leader);
      thread.interrupt();
    }
  }

  private void install(String leader) {
    try {
      LogPosition position = state.install(leader);
      installed();
      // Also where it was given up meanwhile: entries that came with it are not applied again.
      node.installed(position);
    } catch (IOException e) {
      LOG.log(Level.INFO, "what is missing could not be fetched from " + leader, e);
    } catch (RuntimeException | Error e) {
      node.fail("cannot install missed entries from " + leader, e);
    } finally {
      ended();
    }
  }

  /** What follows concerns files, which an interrupt would close. */
  private synchronized void installed() {
    interruptible = false;
    var _ = Thread.interrupted();
  }

  private synchronized void ended() {
    underWay = null;
  }

  @Override
  public synchronized void close() {
    closed = true;
    if (underWay != null && interruptible) {
      underWay.interrupt();
    }
  }
}
