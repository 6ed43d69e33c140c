package toystore.toyctl.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.math.BigDecimal;
import java.net.URLDecoder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import toystore.protocol.api.ApiPaths;
import toystore.protocol.api.Order;
import toystore.protocol.api.Price;
import toystore.protocol.api.Product;
import toystore.protocol.codec.Json;
import toystore.toyctl.cli.FakeServer.Reply;
import toystore.toyctl.cli.FakeServer.Request;

/** The public API on top of a map, with errors on demand. */
final class FakeStore implements FakeServer.Handler {
  final Map<String, Long> stock = new LinkedHashMap<>();
  final List<Order> orders = new ArrayList<>();
  final List<String> keys = new ArrayList<>();
  private final Map<String, Long> numbers = new HashMap<>();

  /** The number of purchases that are made but answered with 503. */
  int undecided;

  /** Whether every order is shown with a quantity that is too large by one. */
  boolean showsWrongQuantity;

  @Override
  public synchronized Reply handle(Request request) throws IOException {
    String path = request.path();
    if (path.equals(ApiPaths.PRODUCTS)) {
      return Reply.data(stock.keySet().stream().map(this::product).toList());
    }
    if (path.startsWith(ApiPaths.PRODUCTS + "/")) {
      String name = URLDecoder.decode(path.substring(ApiPaths.PRODUCTS.length() + 1), UTF_8);
      return stock.containsKey(name)
          ? new Reply(200, Map.of("data", product(name)), Map.of("ETag", "\"17\""))
          : Reply.problem(404, "product not found");
    }
    if (request.method().equals("POST")) {
      return buy(request);
    }
    if (path.startsWith(ApiPaths.ORDERS + "/")) {
      int number = Integer.parseInt(path.substring(ApiPaths.ORDERS.length() + 1));
      return number < orders.size()
          ? Reply.data(shown(orders.get(number)))
          : Reply.problem(404, "order not found");
    }
    long after = request.parameter("after", -1);
    long limit = request.parameter("limit", 100);
    return Reply.data(orders.stream().filter(o -> o.number() > after).limit(limit).toList());
  }

  private Order shown(Order order) {
    return new Order(order.number(), order.name(), order.quantity() + (showsWrongQuantity ? 1 : 0));
  }

  private Product product(String name) {
    return new Product(name, Price.of(new BigDecimal("15.99")), stock.getOrDefault(name, 0L));
  }

  private Reply buy(Request request) throws IOException {
    String key = request.headers().getOrDefault(ApiPaths.IDEMPOTENCY_KEY, "");
    keys.add(key);
    JsonNode body = Json.mapper().readTree(request.text());
    String name = body.get("name").asText();
    int quantity = body.get("quantity").asInt();
    boolean replayed = numbers.containsKey(key);
    if (!replayed) {
      long left = stock.getOrDefault(name, 0L);
      if (left < quantity) {
        return Reply.problem(409, "not enough in stock: " + left + " left");
      }
      stock.put(name, left - quantity);
      numbers.put(key, (long) orders.size());
      orders.add(new Order(orders.size(), name, quantity));
    }
    if (undecided > 0) {
      undecided--;
      return Reply.problem(503, "the outcome is unknown");
    }
    return new Reply(
        200,
        Map.of("data", Map.of("order_number", numbers.getOrDefault(key, -1L))),
        Map.of(ApiPaths.REPLAYED, Boolean.toString(replayed), ApiPaths.PRODUCT_VERSION, "18"));
  }
}
