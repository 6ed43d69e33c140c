package toystore.node.http;

import io.helidon.http.Header;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.webserver.http.Handler;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.StringJoiner;
import toystore.node.failure.ErrorResponses;
import toystore.node.failure.MisdirectedException;
import toystore.node.rpc.MessageDispatcher;
import toystore.node.rpc.MessageHandler;
import toystore.protocol.api.ApiException;
import toystore.protocol.api.ApiPaths;
import toystore.protocol.api.Problem;

/**
 * The routes of a listener: handlers by path and method. Any other method of a known path is
 * answered with 405, any other path with 404.
 */
public final class NodeRoutes {
  private static final HeaderName LEADER = HeaderNames.create(ApiPaths.LEADER);

  private final Map<String, Map<String, Handler>> byPath = new LinkedHashMap<>();
  private final MessageDispatcher messages = new MessageDispatcher();

  public NodeRoutes get(String path, Handler handler) {
    return add("GET", path, handler);
  }

  public NodeRoutes post(String path, Handler handler) {
    return add("POST", path, handler);
  }

  /** Adds a handler for messages of other nodes, which arrive on connections of their own. */
  public <T> NodeRoutes message(String path, Class<T> type, MessageHandler<T> answering) {
    messages.add(path, type, answering);
    return this;
  }

  private NodeRoutes add(String method, String path, Handler handler) {
    byPath.computeIfAbsent(path, p -> new LinkedHashMap<>()).put(method, handler);
    return this;
  }

  /**
   * Adds the routes to the routing of a listener. Helidon tries them in the order in which they
   * were added, so add frequent ones first.
   */
  void addTo(HttpRouting.Builder routing) {
    routing.addFilter(new RequestFilter());
    byPath.forEach(
        (path, verbs) -> {
          addPath(routing, path, verbs);
          // The reference system answers /orders and /orders/ alike.
          addPath(routing, path + "/", verbs);
        });
    routing.any(
        (request, response) -> {
          throw ApiException.notFound("there is nothing at this path");
        });
    routing.error(Throwable.class, NodeRoutes::answerError);
  }

  private static void addPath(
      HttpRouting.Builder routing, String path, Map<String, Handler> verbs) {
    StringJoiner allowed = new StringJoiner(", ");
    verbs.forEach(
        (method, handler) -> {
          allowed.add(method);
          if (method.equals("GET")) {
            allowed.add("HEAD");
            routing.get(path, handler).head(path, handler);
          } else {
            routing.post(path, handler);
          }
        });
    Header allow = HeaderValues.create(HeaderNames.ALLOW, allowed.toString());
    routing.any(
        path,
        (request, response) -> {
          response.header(allow);
          HttpExchange.sendProblem(
              request, response, new Problem(405, "this path allows " + allowed));
        });
  }

  MessageDispatcher messages() {
    return messages;
  }

  private static void answerError(ServerRequest request, ServerResponse response, Throwable error) {
    Problem problem = ErrorResponses.problem(error, request.prologue());
    response.headers().clear();
    if (error instanceof MisdirectedException e && e.leader() != null) {
      response.header(LEADER, e.leader());
    }
    HttpExchange.sendProblem(request, response, problem);
  }
}
