package toystore.toyctl.cluster.status;

import java.io.IOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.time.Duration;
import toystore.client.Deadline;
import toystore.client.http.HttpConnection;
import toystore.client.http.SilenceCheck;
import toystore.config.StoreConfig;
import toystore.config.StoreConfig.Node;
import toystore.protocol.api.ApiPaths;
import toystore.protocol.codec.Json;
import toystore.protocol.message.LoggedOrder;
import toystore.protocol.message.NodeReply;
import toystore.protocol.message.NodeStatus;
import toystore.toyctl.cluster.HttpApi;
import toystore.toyctl.cluster.Wordings;

/** Talks to single nodes, behind the public API. */
public final class NodeClient {
  private final HttpApi http;
  private final StoreConfig config;

  public NodeClient(HttpApi http, StoreConfig config) {
    this.http = http;
    this.config = config;
  }

  /** Asks a node for its status; never throws for what is wrong with the node. */
  public ProbeResult probe(Node node, Duration limit) throws InterruptedException {
    try {
      NodeReply answer = status(node, limit);
      if (!answer.ok()) {
        return new ProbeResult.Silent("status " + answer.status());
      }
      NodeStatus status = NodeStatus.read(answer.body());
      return status.node().equals(node.name()) && status.cluster().equals(config.cluster())
          ? new ProbeResult.Answered(status)
          : new ProbeResult.Silent(
              "it is " + status.node() + " of the cluster '" + status.cluster() + "'");
    } catch (ConnectException | NoRouteToHostException | UnknownHostException _) {
      return new ProbeResult.Refused();
    } catch (SocketTimeoutException _) {
      return new ProbeResult.Silent("no answer within " + limit.toMillis() + " ms");
    } catch (IOException e) {
      // How a virtual thread that is interrupted leaves a socket.
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
      return new ProbeResult.Silent(Wordings.reason(e));
    }
  }

  /** By a connection of its own: a look at a node is what starting commands consist of. */
  private NodeReply status(Node node, Duration limit) throws IOException {
    Deadline deadline = Deadline.in(limit);
    int port = config.httpPort(node);
    try (HttpConnection connection =
        HttpConnection.open(node.host(), port, (int) limit.toMillis())) {
      return connection.exchange(
          HttpConnection.get(node.host() + ":" + port, ApiPaths.STATUS),
          deadline,
          SilenceCheck.BORNE);
    }
  }

  /** One page of a replica's log. */
  public LoggedOrder.Page log(Node node, long after, int limit, Duration time)
      throws IOException, InterruptedException {
    HttpApi.Answer answer =
        http.get(config.url(node) + ApiPaths.LOG + "?after=" + after + "&limit=" + limit, time);
    if (!answer.ok()) {
      throw new IOException(answer.problem());
    }
    return Json.fromJson(answer.body(), LoggedOrder.Page.class);
  }

  /** Everything about a node's answer to any path: leaders and others answer differently. */
  public HttpApi.Answer get(Node node, String path, Duration limit)
      throws IOException, InterruptedException {
    return http.get(config.url(node) + path, limit);
  }

  public HttpApi.Answer post(Node node, String path, Duration limit)
      throws IOException, InterruptedException {
    return http.post(config.url(node) + path, new byte[0], null, limit);
  }
}
