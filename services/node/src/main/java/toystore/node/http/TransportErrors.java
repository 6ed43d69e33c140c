package toystore.node.http;

import io.helidon.http.DirectHandler;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.DirectHandlers;
import toystore.protocol.api.Problem;
import toystore.protocol.codec.Json;

/**
 * Answers for errors that Helidon detects before it selects a route, such as malformed requests.
 * They have the form of all other errors.
 */
final class TransportErrors {
  private TransportErrors() {}

  static DirectHandlers handlers() {
    DirectHandler handler =
        (request, type, status, headers, message) -> {
          Problem problem =
              new Problem(status.code(), message == null ? status.reasonPhrase() : message);
          var response =
              DirectHandler.TransportResponse.builder()
                  .status(status)
                  .headers(headers)
                  .header(HeaderNames.CONTENT_TYPE, "application/json");
          if (status.code() == 503) {
            response.header(HeaderNames.RETRY_AFTER, "1");
          }
          return response.entity(Json.toJson(new Problem.Body(problem))).build();
        };
    DirectHandlers.Builder handlers = DirectHandlers.builder();
    for (DirectHandler.EventType type : DirectHandler.EventType.values()) {
      handlers.addHandler(type, handler);
    }
    return handlers.build();
  }
}
