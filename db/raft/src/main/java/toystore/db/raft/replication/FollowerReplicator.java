package toystore.db.raft.replication;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import toystore.db.log.Member;
import toystore.db.raft.transport.RaftClient;
import toystore.db.raft.transport.RaftConnection;

/**
 * A leader's replication to one follower in one term. One thread keeps a connection open and sends;
 * another one reads the responses. When a connection ends, or a response is overdue, everything
 * that was not acknowledged is sent again over a new connection: AppendEntries is idempotent (Raft
 * §5.3).
 */
public final class FollowerReplicator {
  private static final System.Logger LOG = System.getLogger(FollowerReplicator.class.getName());
  private static final long MIN_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(10);
  private static final long MAX_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

  private final ReplicationSource source;
  private final Member follower;
  private final RaftClient client;
  private final ReplicationSender sender;
  private final Thread thread;

  /**
   * Creates a replicator that has not started.
   *
   * @param nextIndex index of the entry to try first
   */
  public FollowerReplicator(
      ReplicationSource source,
      Member follower,
      RaftClient client,
      long heartbeatNanos,
      long nextIndex) {
    this.source = source;
    this.follower = follower;
    this.client = client;
    this.thread =
        Thread.ofPlatform().daemon().name("raft-to-" + follower.name()).unstarted(this::run);
    this.sender =
        new ReplicationSender(
            source, follower.name(), heartbeatNanos, nextIndex, () -> LockSupport.unpark(thread));
  }

  public void start() {
    thread.start();
  }

  public String follower() {
    return follower.name();
  }

  /** Stops at once, without waiting. May be called with any lock held. */
  public void stop() {
    sender.stop();
  }

  /** Sends entries that were appended to the leader's log. Does not block. */
  public void entriesAppended() {
    sender.trySend();
  }

  /** Closes a connection over which a response is overdue. To be called periodically. */
  public void closeIfOverdue() {
    sender.closeIfOverdue(TimeUnit.MILLISECONDS.toNanos(client.timeoutMs()));
  }

  /** Informs the follower of the commit index at once. Does not block. */
  public void sendCommitIndex() {
    sender.requestHeartbeat();
  }

  private void run() {
    try {
      keepConnected();
    } catch (RuntimeException | Error e) {
      source.failed(e);
    }
  }

  private void keepConnected() {
    long pause = MIN_PAUSE_NANOS;
    while (!sender.isStopped()) {
      try (RaftConnection connection = client.connect(follower)) {
        sender.attach(connection);
        pause = MIN_PAUSE_NANOS;
        Thread.ofPlatform()
            .daemon()
            .name("raft-from-" + follower.name())
            .start(() -> receiveAll(connection));
        while (!sender.isStopped() && sender.isAttached(connection)) {
          long pauseNanos = sender.sendAll();
          // Do not sleep if a thread found the sender's lock taken and left its entry here.
          if (!sender.isSendRequested()) {
            LockSupport.parkNanos(pauseNanos);
          }
        }
      } catch (IOException e) {
        LOG.log(Level.DEBUG, follower.name() + " cannot be reached", e);
      } catch (OutOfMemoryError e) {
        LOG.log(Level.WARNING, "no thread to read responses of " + follower.name(), e);
      } finally {
        sender.detach();
      }
      if (!sender.isStopped()) {
        LockSupport.parkNanos(pause);
        pause = Math.min(2 * pause, MAX_PAUSE_NANOS);
      }
    }
  }

  private void receiveAll(RaftConnection connection) {
    try {
      while (!sender.isStopped() && sender.isAttached(connection)) {
        sender.handleFrame(connection, connection.receive());
      }
    } catch (IOException e) {
      LOG.log(Level.DEBUG, "the connection to " + follower.name() + " has ended", e);
    } catch (RuntimeException | Error e) {
      source.failed(e);
    } finally {
      sender.drop(connection);
    }
  }
}
