package toystore.db.raft.core;

import org.jspecify.annotations.Nullable;

/**
 * The state that a member must not forget (Raft, figure 2).
 *
 * @param term the latest term that the member has seen
 * @param votedFor the candidate that received its vote in that term, or null
 */
public record PersistentState(long term, @Nullable String votedFor) {
  public static final PersistentState INITIAL = new PersistentState(0, null);
}
