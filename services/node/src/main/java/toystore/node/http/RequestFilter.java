package toystore.node.http;

import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.Filter;
import io.helidon.webserver.http.FilterChain;
import io.helidon.webserver.http.RoutingRequest;
import io.helidon.webserver.http.RoutingResponse;
import toystore.protocol.api.ApiProblem;

/** Rejects paths that cannot be decoded, and closes connections when their clients request it. */
final class RequestFilter implements Filter {
  @Override
  public void filter(FilterChain chain, RoutingRequest request, RoutingResponse response) {
    if (decodes(request)) {
      chain.proceed();
    } else {
      ApiExchange.sendProblem(
          request, response, new ApiProblem(400, "the path is not properly encoded"));
    }
    // Helidon 4.5.0 keeps the connection open and waits for another request.
    if (response.headers().contains(HeaderNames.CONNECTION)
        && response.headers().containsToken(HeaderValues.CONNECTION_CLOSE)) {
      throw new CloseConnectionException("Connection: close");
    }
  }

  private static boolean decodes(RoutingRequest request) {
    try {
      return request.path().path().startsWith("/");
    } catch (IllegalArgumentException e) {
      return false;
    }
  }
}
