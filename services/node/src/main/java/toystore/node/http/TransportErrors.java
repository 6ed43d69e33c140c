package toystore.node.http;

import io.helidon.http.DirectHandler;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.DirectHandlers;
import toystore.protocol.api.ApiProblem;
import toystore.protocol.codec.Json;

/**
 * Responses to errors that Helidon detects before it selects a route, such as malformed requests.
 * They have the same form as the responses to all other errors.
 */
final class TransportErrors {
  private TransportErrors() {}

  static DirectHandlers handlers() {
    DirectHandler handler =
        (request, type, status, headers, message) -> {
          ApiProblem problem =
              new ApiProblem(status.code(), message == null ? status.reasonPhrase() : message);
          var response =
              DirectHandler.TransportResponse.builder()
                  .status(status)
                  .headers(headers)
                  .header(HeaderNames.CONTENT_TYPE, "application/json");
          if (status.code() == 503) {
            response.header(HeaderNames.RETRY_AFTER, "1");
          }
          return response.entity(Json.toJson(new ApiProblem.Body(problem))).build();
        };
    DirectHandlers.Builder handlers = DirectHandlers.builder();
    for (DirectHandler.EventType type : DirectHandler.EventType.values()) {
      handlers.addHandler(type, handler);
    }
    return handlers.build();
  }
}
