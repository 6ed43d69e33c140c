package toystore.db.raft.replication;

import org.jspecify.annotations.Nullable;
import toystore.db.raft.core.AppendEntriesResponse;
import toystore.db.raft.transport.RaftConnection.Kind;

/** What the replication to a follower needs of its leader. */
public interface ReplicationSource {
  /**
   * The next request for a follower.
   *
   * @param nextIndex index of the next entry that the follower needs
   * @param maxBytes limit for the entries; 0 for none, otherwise one entry may exceed it
   * @return null if this member no longer leads in this term
   */
  @Nullable Request nextRequest(long nextIndex, int maxBytes);

  /** A follower has reported that it is still working on a request. */
  void followerBusy(String follower);

  void handleResponse(String follower, AppendEntriesResponse response);

  /** Index of the last entry in the leader's log. */
  long lastIndex();

  /** Whether an entry takes more bytes than these. */
  boolean isLarger(long index, int bytes);

  /** Applies the entries that a response has committed. */
  void applyCommitted();

  /** Replication cannot continue, for example because the log cannot be read. */
  void failed(Throwable cause);

  /**
   * An encoded request.
   *
   * @param nextIndex index of the entry after the last one in the request
   */
  record Request(Kind kind, byte[] message, long nextIndex) {}
}
