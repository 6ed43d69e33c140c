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
import toystore.protocol.api.ApiProblem;

/**
 * The routes of a listener: handlers by path and method. The response to another method of a known
 * path is 405, and the response to an unknown path is 404.
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

  /** Adds a handler for messages of other nodes, which use separate connections. */
  public <T> NodeRoutes message(String path, Class<T> type, MessageHandler<T> handler) {
    messages.add(path, type, handler);
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
        (path, handlers) -> {
          addPath(routing, path, handlers);
          // The reference system gives the same response to /orders and /orders/.
          addPath(routing, path + "/", handlers);
        });
    routing.any(
        (request, response) -> {
          throw ApiException.notFound("there is nothing at this path");
        });
    routing.error(Throwable.class, NodeRoutes::answerError);
  }

  private static void addPath(
      HttpRouting.Builder routing, String path, Map<String, Handler> handlers) {
    StringJoiner allowed = new StringJoiner(", ");
    handlers.forEach(
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
          ApiExchange.sendProblem(
              request, response, new ApiProblem(405, "this path allows " + allowed));
        });
  }

  MessageDispatcher messages() {
    return messages;
  }

  private static void answerError(ServerRequest request, ServerResponse response, Throwable error) {
    ApiProblem problem = ErrorResponses.problem(error, request.prologue());
    response.headers().clear();
    if (error instanceof MisdirectedException e && e.leader() != null) {
      response.header(LEADER, e.leader());
    }
    ApiExchange.sendProblem(request, response, problem);
  }
}
