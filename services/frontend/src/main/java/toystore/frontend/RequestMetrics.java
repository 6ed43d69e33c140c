package toystore.frontend;

import io.helidon.webserver.http.Handler;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import toystore.protocol.api.ApiException;

/** Counts and times requests by outcome. The time series of all outcomes exist from the start. */
final class RequestMetrics {
  private static final String PURCHASES = "toystore.purchases";
  private static final String READS = "toystore.reads";
  private static final List<String> PURCHASE_OUTCOMES =
      List.of(
          "placed",
          "replayed",
          "out_of_stock",
          "unknown_product",
          "other_body",
          "bad_request",
          "unavailable");
  private static final List<String> READ_OUTCOMES =
      List.of("ok", "not_found", "bad_request", "unavailable");
  private static final Duration MIN_EXPECTED = Duration.ofNanos(250_000);
  private static final Duration MAX_EXPECTED = Duration.ofSeconds(10);

  private final MeterRegistry registry;
  private final Map<String, Timer> purchases = new HashMap<>();

  RequestMetrics(MeterRegistry registry) {
    this.registry = registry;
    PURCHASE_OUTCOMES.forEach(
        outcome -> purchases.put(outcome, timer(PURCHASES, "outcome", outcome)));
  }

  private Timer timer(String name, String... tags) {
    return Timer.builder(name)
        .tags(tags)
        .publishPercentileHistogram()
        .minimumExpectedValue(MIN_EXPECTED)
        .maximumExpectedValue(MAX_EXPECTED)
        .register(registry);
  }

  /** A refused purchase whose reason is an outcome of its own in the metrics. */
  static final class Refused extends Exception {
    private static final long serialVersionUID = 1L;

    private final String outcome;
    private final ApiException response;

    Refused(String outcome, ApiException response) {
      super(response.getMessage(), null, false, false);
      this.outcome = outcome;
      this.response = response;
    }
  }

  /** A handler of purchases that returns the outcome of a successful purchase. */
  @FunctionalInterface
  interface PurchaseHandler {
    String handle(ServerRequest request, ServerResponse response) throws Exception;
  }

  Handler purchase(PurchaseHandler handler) {
    return (request, response) -> {
      long begun = System.nanoTime();
      String outcome = "unavailable";
      try {
        outcome = handler.handle(request, response);
      } catch (Refused e) {
        outcome = e.outcome;
        throw e.response;
      } catch (ApiException e) {
        outcome = e.status() < 500 ? "bad_request" : "unavailable";
        throw e;
      } finally {
        record(purchases, outcome, begun);
      }
    };
  }

  Handler read(String kind, Handler handler) {
    Map<String, Timer> timers = new HashMap<>();
    READ_OUTCOMES.forEach(
        outcome -> timers.put(outcome, timer(READS, "kind", kind, "outcome", outcome)));
    return (request, response) -> {
      long begun = System.nanoTime();
      String outcome = "unavailable";
      try {
        handler.handle(request, response);
        outcome = "ok";
      } catch (ApiException e) {
        outcome =
            e.status() == 404 ? "not_found" : e.status() < 500 ? "bad_request" : "unavailable";
        throw e;
      } finally {
        record(timers, outcome, begun);
      }
    };
  }

  private static void record(Map<String, Timer> timers, String outcome, long begunNanos) {
    Timer timer = timers.get(outcome);
    if (timer != null) {
      timer.record(Duration.ofNanos(System.nanoTime() - begunNanos));
    }
  }
}
