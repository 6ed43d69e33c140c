package toystore.db.log;

import java.io.IOException;
import java.util.concurrent.CompletableFuture;

/**
 * The state machine that a replicated log drives. The log applies entries in order, by one thread
 * at a time. The state keeps the changes in memory and writes them to its own storage later. After
 * a restart the log continues after {@link #recoveredPosition}.
 */
public interface ReplicatedState {
  /** The position of the last entry whose effects were durable when the process stopped. */
  LogPosition recoveredPosition();

  /**
   * Applies one committed command and returns its result, which the log passes unchanged to the
   * submitter. Must be deterministic: no clock, no random number. An exception halts the node,
   * because a replica that cannot apply an entry must not continue. An entry at or before the
   * state's position is ignored: {@link #install} may have fetched it while it was on its way here.
   */
  Object apply(LogPosition position, byte[] command);

  /** Advances the position past an entry that holds no command. Never moves it back. */
  void skip(LogPosition position);

  /**
   * Makes everything applied so far durable. The future holds the position of the last durable
   * entry. The log drops entries only up to such a position.
   */
  CompletableFuture<LogPosition> persist();

  /**
   * Fetches from the leader what this state lacks, for entries that the log no longer holds, and
   * makes it durable. Replaces the InstallSnapshot RPC of Raft §7, but transfers only what is
   * missing.
   *
   * @return the new position of this state
   */
  LogPosition install(String leader) throws IOException;

  /** Whether {@link #apply} may block now because storage has fallen behind. */
  default boolean applyMayBlock() {
    return false;
  }
}
