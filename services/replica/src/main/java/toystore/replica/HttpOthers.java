package toystore.replica;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import toystore.api.ApiException;
import toystore.api.Json;
import toystore.api.NodeStatus;
import toystore.api.Paths;
import toystore.api.StoreConfig;
import toystore.calls.Caller;
import toystore.calls.Deadline;
import toystore.db.replication.Rejoin;
import toystore.server.LeaderRoute;

/** The other members of this node's group, asked while it does not run. */
final class HttpOthers implements Rejoin.Others {
  private static final Duration ASK = Duration.ofSeconds(1);
  private static final Duration FENCE = Duration.ofSeconds(10);

  private final StoreConfig config;
  private final Caller caller;
  private final LeaderRoute leader;

  HttpOthers(StoreConfig config, StoreConfig.Node self, Caller caller) {
    this.config = config;
    this.caller = caller;
    this.leader =
        new LeaderRoute(
            caller,
            config,
            config.nodes(self.role()).stream()
                .filter(node -> !node.name().equals(self.name()))
                .toList(),
            LeaderRoute.OnLeader.NOBODY);
  }

  /** Asks the leader for an entry that only has to be committed. */
  record Fence() {}

  /** It is. */
  record Committed(String leader, long index) {}

  @Override
  public Rejoin.Fence fence() throws IOException {
    try {
      Caller.Reply reply = leader.call(Paths.REJOIN, Json.toCbor(new Fence()), Deadline.in(FENCE));
      if (!reply.ok()) {
        throw new IOException("the leader answered " + reply.status());
      }
      Committed committed = Json.fromCbor(reply.body(), Committed.class);
      return new Rejoin.Fence(committed.leader(), committed.index());
    } catch (ApiException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  @Override
  public Rejoin.Seen ask(String member) throws IOException {
    try {
      String url = config.url(config.node(member)) + Paths.STATUS;
      Caller.Reply reply = caller.call(url, null, ASK).get(ASK.toMillis(), TimeUnit.MILLISECONDS);
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
      return new Rejoin.Seen(term, applied);
    } catch (ExecutionException | TimeoutException e) {
      throw new IOException(member + " does not answer", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while " + member + " was asked", e);
    }
  }
}
