package toystore.db.log;

import java.io.IOException;
import java.util.concurrent.CompletableFuture;

/**
 * The state that a replicated log drives. Entries are applied in order by one thread, in memory;
 * storage follows behind, and tells by {@link #recovered} where a restart goes on.
 */
public interface ReplicatedState {
  /** The position of the last entry whose effects survived the last stop of this process. */
  LogPosition recovered();

  /**
   * Applies one committed command and returns its result, which the submitter gets as it is.
   * Deterministic: no clock, no random number. An exception stops the node, since a replica that
   * cannot apply an entry must not go on. An entry that is not after the state's position changes
   * nothing: an install brought it while it was on its way here.
   */
  Object apply(LogPosition position, byte[] command);

  /** Moves the position over an entry that is not a command; never back. */
  void skip(LogPosition position);

  /**
   * Makes all that was applied durable and gives its position. The log drops only entries up to
   * such a position.
   */
  CompletableFuture<LogPosition> persist();

  /**
   * Obtains from that member what this state lacks and the log no longer holds, and makes it
   * durable (Raft §7, without sending what is there already).
   *
   * @return the position of the state as it is now
   */
  LogPosition install(String leader) throws IOException;

  /** Whether {@link #apply} might have to wait now until storage has caught up. */
  default boolean isCrowded() {
    return false;
  }
}
