package toystore.db.log;

import java.util.concurrent.CompletableFuture;

/**
 * A log on which the members of a group agree. On each member it applies its committed entries to a
 * {@link ReplicatedState}. A group of one member uses the same code. Thread-safe.
 */
public interface ReplicatedLog extends AutoCloseable {
  /**
   * An applied command.
   *
   * @param index the index of its entry
   * @param result what {@link ReplicatedState#apply} returned
   */
  record Applied(long index, Object result) {}

  /**
   * Appends a command to the log. Blocks until the entry is durable on this member's own disk.
   *
   * @return completes with the result of applying the command on this member. Fails with {@link
   *     NotLeaderException} if the command is certainly not in the log, and with {@link
   *     IndeterminateException} if it may be in the log
   */
  CompletableFuture<Applied> submit(byte[] command);

  /**
   * Commits an entry that changes nothing. A member that has applied this entry has applied every
   * entry before it. Works on the leader only.
   *
   * @return fails like {@link #submit}
   */
  CompletableFuture<Applied> commitNoOp();

  /**
   * Makes a linearizable read possible (Raft §8). The future completes when this member has applied
   * every entry that was committed when this method was called. Works on any member. If the future
   * completes on the leader, that member was still the leader at some time after the call.
   *
   * @return fails if no leader can be reached
   */
  CompletableFuture<Void> barrier();

  /** Whether this member is the leader and ready for commands. */
  boolean leads();

  /** The current status of this member. Cheap enough for frequent polling. */
  LogStatus status();

  /** Applies the entries that are already committed, then stops. Does not close the state. */
  @Override
  void close();
}
