package toystore.node.replica;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import toystore.client.Deadline;
import toystore.config.StoreConfig;
import toystore.config.Topology;
import toystore.db.log.MemberRejoin;
import toystore.node.rpc.LeaderClient;
import toystore.node.rpc.LeaderObserver;
import toystore.node.rpc.NodeCaller;
import toystore.protocol.api.ApiException;
import toystore.protocol.api.ApiPaths;
import toystore.protocol.message.MessageCodec;
import toystore.protocol.message.NodeReply;
import toystore.protocol.message.NodeStatus;

/** Calls to the other members of the group while this member is stopped. */
final class OtherMembers implements MemberRejoin.Peers {
  private static final Duration STATUS_TIMEOUT = Duration.ofSeconds(1);
  private static final Duration FENCE_TIMEOUT = Duration.ofSeconds(10);

  private final StoreConfig config;
  private final NodeCaller caller;
  private final LeaderClient leader;

  OtherMembers(StoreConfig config, Topology.Node self, NodeCaller caller) {
    this.config = config;
    this.caller = caller;
    this.leader =
        new LeaderClient(
            caller,
            config,
            config.nodes(self.role()).stream()
                .filter(node -> !node.name().equals(self.name()))
                .toList(),
            LeaderObserver.NONE);
  }

  /** A request to the leader to commit an entry that changes nothing. */
  record Fence() {}

  /**
   * The response to a {@link Fence}.
   *
   * @param index the index of the committed entry
   */
  record Committed(String leader, long index) {}

  @Override
  public MemberRejoin.NoOpEntry commitNoOp() throws IOException {
    try {
      NodeReply reply =
          leader.call(
              ApiPaths.REJOIN, MessageCodec.toCbor(new Fence()), Deadline.in(FENCE_TIMEOUT));
      if (!reply.ok()) {
        throw new IOException("the leader answered " + reply.status());
      }
      Committed committed = MessageCodec.fromCbor(reply.body(), Committed.class);
      return new MemberRejoin.NoOpEntry(committed.leader(), committed.index());
    } catch (ApiException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  @Override
  public MemberRejoin.PeerStatus status(String member) throws IOException {
    try {
      String url = config.url(config.node(member)) + ApiPaths.STATUS;
      NodeReply reply =
          caller
              .call(url, null, STATUS_TIMEOUT)
              .get(STATUS_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
      if (!reply.ok()) {
        throw new IOException(url + " answered " + reply.status());
      }
      NodeStatus status = NodeStatus.read(reply.body());
      Long term = status.term();
      Long applied = status.appliedIndex();
      if (!status.node().equals(member)
          || !status.cluster().equals(config.cluster())
          || term == null
          || applied == null) {
        throw new IOException(url + " is not " + member + " of this store");
      }
      return new MemberRejoin.PeerStatus(term, applied);
    } catch (ExecutionException | TimeoutException e) {
      throw new IOException(member + " does not answer", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while waiting for " + member, e);
    }
  }
}
