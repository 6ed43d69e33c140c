package toystore.toyctl.cluster.nodes;

import java.io.IOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.time.Duration;
import toystore.client.ApiHttpClient;
import toystore.client.Deadline;
import toystore.client.http.HttpConnection;
import toystore.client.http.NoResponsePolicy;
import toystore.config.StoreConfig;
import toystore.config.Topology.Node;
import toystore.protocol.api.ApiPaths;
import toystore.protocol.codec.Json;
import toystore.protocol.message.LoggedOrder;
import toystore.protocol.message.NodeReply;
import toystore.protocol.message.NodeStatus;
import toystore.toyctl.cluster.ErrorText;

/** Sends requests to single nodes, over their internal HTTP interface. */
public final class NodeClient {
  private final ApiHttpClient http;
  private final StoreConfig config;

  public NodeClient(ApiHttpClient http, StoreConfig config) {
    this.http = http;
    this.config = config;
  }

  /** Requests the status of a node. A failed request is a result, not an exception. */
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
      // The socket throws this also when its virtual thread was interrupted.
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
      return new ProbeResult.Silent(ErrorText.reason(e));
    }
  }

  /**
   * Uses a plain connection instead of the HTTP client, which takes long to create. Commands that
   * start nodes send mostly status requests.
   */
  private NodeReply status(Node node, Duration limit) throws IOException {
    Deadline deadline = Deadline.in(limit);
    int port = config.httpPort(node);
    try (HttpConnection connection =
        HttpConnection.open(node.host(), port, (int) limit.toMillis())) {
      return connection.exchange(
          HttpConnection.get(node.host() + ":" + port, ApiPaths.STATUS),
          deadline,
          NoResponsePolicy.NONE);
    }
  }

  /**
   * Reads one page of a replica's order log.
   *
   * @param after the number before the first order of the page
   * @param limit the largest number of orders to return
   */
  public LoggedOrder.Page log(Node node, long after, int limit, Duration time)
      throws IOException, InterruptedException {
    ApiHttpClient.Response answer =
        http.get(config.url(node) + ApiPaths.LOG + "?after=" + after + "&limit=" + limit, time);
    if (!answer.ok()) {
      throw new IOException(answer.errorMessage());
    }
    return Json.fromJson(answer.body(), LoggedOrder.Page.class);
  }

  /**
   * Sends a GET request.
   *
   * @return the answer, whatever its status: only the leader answers some paths with 200
   */
  public ApiHttpClient.Response get(Node node, String path, Duration limit)
      throws IOException, InterruptedException {
    return http.get(config.url(node) + path, limit);
  }

  /** Sends a POST request with an empty body, and returns the answer, whatever its status. */
  public ApiHttpClient.Response post(Node node, String path, Duration limit)
      throws IOException, InterruptedException {
    return http.post(config.url(node) + path, new byte[0], null, limit);
  }
}
