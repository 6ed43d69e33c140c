package toystore.db.raft.core;

import org.jspecify.annotations.Nullable;

/** A term and a vote in it. */
public record PersistentState(long term, @Nullable String votedFor) {
  public static final PersistentState NONE = new PersistentState(0, null);
}
