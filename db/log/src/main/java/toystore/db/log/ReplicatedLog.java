package toystore.db.log;

import java.util.concurrent.CompletableFuture;

/**
 * A log that a group of members agrees on and that drives a {@link ReplicatedState} on each of
 * them. A group of one and a group of three are the same code.
 */
public interface ReplicatedLog extends AutoCloseable {
  /** The result of applying a command, and the index of its entry. */
  record Applied(long index, Object result) {}

  /**
   * Puts a command into the log. Returns when this member's own disk has the entry.
   *
   * @return the result of applying the command here. Fails with {@link NotLeaderException} if the
   *     command is certainly not in the log, and with {@link IndeterminateException} if it may be
   */
  CompletableFuture<Applied> submit(byte[] command);

  /**
   * Commits an entry that changes nothing. A member that has applied it has applied every entry
   * before it. Works on the leader only.
   *
   * @return fails like {@link #submit}
   */
  CompletableFuture<Applied> fence();

  /**
   * Linearizable read (Raft §8). Completes once this member has applied every entry that was
   * committed when this method was called. Works on any member. If it completes on a leader, that
   * leader still led after the call.
   *
   * @return fails when no leader can be reached
   */
  CompletableFuture<Void> barrier();

  /** Whether this member leads and is ready for commands. */
  boolean leads();

  /** This member as it sees itself. Cheap enough to be called often. */
  LogStatus status();

  /** Applies what is committed, then stops. The state stays open. */
  @Override
  void close();
}
