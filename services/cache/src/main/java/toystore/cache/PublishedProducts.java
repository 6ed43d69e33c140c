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

/** The products that readers see, and the number of pending changes of each. */
class PublishedProducts {
  final Map<String, Product.Versioned> shown = new ConcurrentHashMap<>();

  /** The number of pending changes of each product that has any. */
  final Map<String, Integer> pending = new ConcurrentHashMap<>();

  private final Set<String> listed = Collections.synchronizedSet(new LinkedHashSet<>());

  PublishedProducts() {}

  /** Creates a copy, for tests that explore several continuations of one state. */
  PublishedProducts(PublishedProducts other) {
    shown.putAll(other.shown);
    pending.putAll(other.pending);
    listed.addAll(other.listed);
  }

  Product.@Nullable Versioned product(String name) {
    return shown.get(name);
  }

  /** All published products, in the order in which they were first published. */
  List<Product.Versioned> products() {
    synchronized (listed) {
      return listed.stream().map(shown::get).filter(Objects::nonNull).toList();
    }
  }

  boolean unseen(Product.Versioned product) {
    Product.Versioned now = shown.get(product.product().name());
    return now == null || now.version() < product.version();
  }

  /** Publishes products. A product that is already published in a newer version stays as it is. */
  void show(Collection<Product.Versioned> products) {
    for (Product.Versioned product : products) {
      shown.merge(product.product().name(), product, PublishedProducts::newer);
      listed.add(product.product().name());
    }
  }

  private static Product.Versioned newer(Product.Versioned one, Product.Versioned other) {
    return one.version() >= other.version() ? one : other;
  }

  /** The answer to a front end that does not have a product in its cache. */
  ProductReadRequest.Answer read(String name) {
    // The order of these two reads does not matter: the invalidation of a change that begins or
    // ends
    // between them is sent after the miss began, so the front end does not cache the answer.
    boolean cacheable = cacheable(name);
    return new ProductReadRequest.Answer(shown.get(name), cacheable);
  }

  /**
   * Whether a front end may cache the product. It may not while a change is pending: its cache may
   * already have processed the invalidation, or its session may have begun too late to receive it,
   * and no further invalidation would follow.
   */
  boolean cacheable(String name) {
    return !pending.containsKey(name);
  }

  void begin(Collection<String> names) {
    names.forEach(name -> pending.merge(name, 1, Integer::sum));
  }

  void end(Collection<String> names) {
    names.forEach(
        name -> pending.computeIfPresent(name, (n, count) -> count == 1 ? null : count - 1));
  }
}
