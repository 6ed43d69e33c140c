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
  final Map<String, Product.Versioned> published = new ConcurrentHashMap<>();

  /** The number of pending changes of each product that has any. */
  final Map<String, Integer> pendingChanges = new ConcurrentHashMap<>();

  private final Set<String> publishedOrder = Collections.synchronizedSet(new LinkedHashSet<>());

  PublishedProducts() {}

  /** Creates a copy, for tests that explore several continuations of one state. */
  PublishedProducts(PublishedProducts other) {
    published.putAll(other.published);
    pendingChanges.putAll(other.pendingChanges);
    publishedOrder.addAll(other.publishedOrder);
  }

  Product.@Nullable Versioned product(String name) {
    return published.get(name);
  }

  /** All published products, in the order in which they were first published. */
  List<Product.Versioned> products() {
    synchronized (publishedOrder) {
      return publishedOrder.stream().map(published::get).filter(Objects::nonNull).toList();
    }
  }

  /** Whether this version of a product is newer than the published one. */
  boolean isNewer(Product.Versioned product) {
    Product.Versioned now = published.get(product.product().name());
    return now == null || now.version() < product.version();
  }

  /** Publishes products. A product that is already published in a newer version stays as it is. */
  void publish(Collection<Product.Versioned> products) {
    for (Product.Versioned product : products) {
      published.merge(product.product().name(), product, PublishedProducts::newer);
      publishedOrder.add(product.product().name());
    }
  }

  private static Product.Versioned newer(Product.Versioned one, Product.Versioned other) {
    return one.version() >= other.version() ? one : other;
  }

  /** The answer to a front end that does not have a product in its cache. */
  ProductReadRequest.Answer read(String name) {
    // These two reads may be made in any order. If a change begins or ends between them, its
    // invalidation is sent after the miss began, and the front end does not cache the answer.
    boolean cacheable = cacheable(name);
    return new ProductReadRequest.Answer(published.get(name), cacheable);
  }

  /**
   * Whether a front end may cache the product. It may not while a change is pending: its cache may
   * already have processed the invalidation, or its session may have begun too late to receive it,
   * and no further invalidation would follow.
   */
  boolean cacheable(String name) {
    return !pendingChanges.containsKey(name);
  }

  void beginChange(Collection<String> names) {
    names.forEach(name -> pendingChanges.merge(name, 1, Integer::sum));
  }

  void endChange(Collection<String> names) {
    names.forEach(
        name -> pendingChanges.computeIfPresent(name, (n, count) -> count == 1 ? null : count - 1));
  }
}
