package toystore.toyctl;

import java.io.IOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.time.Duration;
import toystore.api.Json;
import toystore.api.LoggedOrder;
import toystore.api.NodeStatus;
import toystore.api.Paths;
import toystore.api.StoreConfig;
import toystore.api.StoreConfig.Node;
import toystore.calls.Caller;
import toystore.calls.Deadline;
import toystore.calls.HttpConnection;

/** Talks to single nodes, behind the public API. */
final class NodeClient {
  private final Http http;
  private final StoreConfig config;

  NodeClient(Http http, StoreConfig config) {
    this.http = http;
    this.config = config;
  }

  /** Asks a node for its status; never throws for what is wrong with the node. */
  Probe probe(Node node, Duration limit) throws InterruptedException {
    try {
      Caller.Reply answer = status(node, limit);
      if (!answer.ok()) {
        return new Probe.Silent("status " + answer.status());
      }
      NodeStatus status = NodeStatus.read(answer.body());
      return status.node().equals(node.name()) && status.cluster().equals(config.cluster())
          ? new Probe.Answered(status)
          : new Probe.Silent(
              "it is " + status.node() + " of the cluster '" + status.cluster() + "'");
    } catch (ConnectException | NoRouteToHostException | UnknownHostException _) {
      return new Probe.Refused();
    } catch (SocketTimeoutException _) {
      return new Probe.Silent("no answer within " + limit.toMillis() + " ms");
    } catch (IOException e) {
      // How a virtual thread that is interrupted leaves a socket.
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
      return new Probe.Silent(Texts.reason(e));
    }
  }

  /** By a connection of its own: a look at a node is what starting commands consist of. */
  private Caller.Reply status(Node node, Duration limit) throws IOException {
    Deadline deadline = Deadline.in(limit);
    int port = config.httpPort(node);
    try (HttpConnection connection =
        HttpConnection.open(node.host(), port, (int) limit.toMillis())) {
      return connection.exchange(
          HttpConnection.get(node.host() + ":" + port, Paths.STATUS),
          deadline,
          Caller.Silence.BORNE);
    }
  }

  /** One page of a replica's log. */
  LoggedOrder.Page log(Node node, long after, int limit, Duration time)
      throws IOException, InterruptedException {
    Http.Answer answer =
        http.get(config.url(node) + Paths.LOG + "?after=" + after + "&limit=" + limit, time);
    if (!answer.ok()) {
      throw new IOException(answer.problem());
    }
    return Json.fromJson(answer.body(), LoggedOrder.Page.class);
  }

  /** Everything about a node's answer to any path: leaders and others answer differently. */
  Http.Answer get(Node node, String path, Duration limit) throws IOException, InterruptedException {
    return http.get(config.url(node) + path, limit);
  }

  Http.Answer post(Node node, String path, Duration limit)
      throws IOException, InterruptedException {
    return http.post(config.url(node) + path, new byte[0], null, limit);
  }
}
