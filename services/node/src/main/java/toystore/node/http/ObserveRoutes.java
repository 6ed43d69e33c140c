package toystore.node.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.helidon.http.Header;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.Map;
import java.util.function.Supplier;
import toystore.protocol.api.ApiPaths;
import toystore.protocol.codec.Json;
import toystore.protocol.message.NodeStatus;

/** The routes of the observe listener: metrics for Prometheus, and health. */
final class ObserveRoutes {
  private static final Header METRICS_TYPE =
      HeaderValues.createCached(
          HeaderNames.CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8");

  private ObserveRoutes() {}

  static NodeRoutes of(PrometheusMeterRegistry metrics, Supplier<NodeStatus> status) {
    return new NodeRoutes()
        .get(
            ApiPaths.METRICS,
            (request, response) ->
                ApiExchange.send(
                    request, response, 200, METRICS_TYPE, metrics.scrape().getBytes(UTF_8)))
        .get(
            ApiPaths.HEALTH,
            (request, response) -> {
              NodeStatus now = status.get();
              ApiExchange.send(
                  request,
                  response,
                  now.ready() ? 200 : 503,
                  HeaderValues.CONTENT_TYPE_JSON,
                  Json.toJson(Map.of("status", now.ready() ? "UP" : "DOWN", "state", now.state())));
            });
  }
}
