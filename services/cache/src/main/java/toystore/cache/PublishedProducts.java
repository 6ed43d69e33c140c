package toystore.cache;

import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import toystore.protocol.api.Product;
import toystore.protocol.message.ProductReadRequest;

/** What readers are shown, and of which products a change is on its way. */
class PublishedProducts {
  final Map<String, Product.Versioned> shown = new ConcurrentHashMap<>();

  /** How many changes of a product are on their way, where there are any. */
  final Map<String, Integer> underWay = new ConcurrentHashMap<>();

  private final Set<String> listed = Collections.synchronizedSet(new LinkedHashSet<>());

  PublishedProducts() {}

  /** A copy, for tests that try more than one future. */
  PublishedProducts(PublishedProducts other) {
    shown.putAll(other.shown);
    underWay.putAll(other.underWay);
    listed.addAll(other.listed);
  }

  Product.@Nullable Versioned product(String name) {
    return shown.get(name);
  }

  /** In the order in which they were shown first. */
  List<Product.Versioned> products() {
    synchronized (listed) {
      return listed.stream().map(shown::get).filter(Objects::nonNull).toList();
    }
  }

  boolean unseen(Product.Versioned product) {
    Product.Versioned now = shown.get(product.product().name());
    return now == null || now.version() < product.version();
  }

  /** Shows products as they are here, unless newer ones are shown already. */
  void show(Collection<Product.Versioned> products) {
    for (Product.Versioned product : products) {
      shown.merge(product.product().name(), product, PublishedProducts::newer);
      listed.add(product.product().name());
    }
  }

  private static Product.Versioned newer(Product.Versioned one, Product.Versioned other) {
    return one.version() >= other.version() ? one : other;
  }

  /** What a cache that misses a product is answered. */
  ProductReadRequest.Answer read(String name) {
    // In either order of these two reads, a change that begins or ends in between sends its message
    // after the miss began, so that the front end does not keep the answer.
    boolean cacheable = cacheable(name);
    return new ProductReadRequest.Answer(shown.get(name), cacheable);
  }

  /**
   * Not while a change is on its way: the cache that asks may have forgotten the product already,
   * or have begun its session too late to be told, so that nobody would tell it again.
   */
  boolean cacheable(String name) {
    return !underWay.containsKey(name);
  }

  void begin(Collection<String> names) {
    names.forEach(name -> underWay.merge(name, 1, Integer::sum));
  }

  void end(Collection<String> names) {
    names.forEach(
        name -> underWay.computeIfPresent(name, (n, count) -> count == 1 ? null : count - 1));
  }
}
