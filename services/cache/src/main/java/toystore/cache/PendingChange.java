package toystore.cache;

import java.util.Collection;
import java.util.Set;
import toystore.protocol.api.Product;

/**
 * A change of products that is not published yet. It is announced as soon as it may happen. While
 * the change becomes durable, caches are invalidated, and until it ends they must not cache these
 * products. The change is published only after all caches have removed them, and it ends then. It
 * ends without being published if the command was refused or its outcome is unknown.
 */
class PendingChange {
  /** The progress of a change. */
  enum Stage {
    ANNOUNCED,
    INVALIDATED,
    ENDED
  }

  final Set<String> names;
  private final PublishedProducts published;
  private Stage stage = Stage.ANNOUNCED;

  PendingChange(PublishedProducts published, Collection<String> names) {
    this.published = published;
    this.names = Set.copyOf(names);
    published.beginChange(this.names);
  }

  /** Creates a copy, for tests that explore several continuations of one state. */
  PendingChange(PendingChange other, PublishedProducts published) {
    this.published = published;
    this.names = other.names;
    this.stage = other.stage;
  }

  synchronized Stage stage() {
    return stage;
  }

  /** Records that each cache has removed these products or has lost its lease. */
  synchronized void invalidated() {
    if (stage == Stage.ANNOUNCED) {
      stage = Stage.INVALIDATED;
    }
  }

  /**
   * Publishes the products, whose new state must be durable, and ends this change.
   *
   * @throws IllegalStateException if a cache may still contain an older state
   */
  synchronized void publish(Collection<Product.Versioned> products) {
    if (stage != Stage.INVALIDATED) {
      throw new IllegalStateException("a change in stage " + stage + " cannot be published");
    }
    if (!products.stream().allMatch(p -> names.contains(p.product().name()))) {
      throw new IllegalStateException("caches removed " + names + ", not " + products);
    }
    // In this order: a front end that reads in between gets the new state and does not cache it.
    published.publish(products);
    end();
  }

  synchronized void end() {
    if (stage != Stage.ENDED) {
      stage = Stage.ENDED;
      published.endChange(names);
    }
  }
}
