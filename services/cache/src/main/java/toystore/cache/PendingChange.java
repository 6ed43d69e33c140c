package toystore.cache;

import java.util.Collection;
import java.util.Set;
import toystore.protocol.api.Product;

/**
 * A change of products on its way to readers. It is announced as soon as it may happen: caches are
 * told to forget these products while it becomes durable, and may keep none of them until it ends.
 * It is shown only after all caches have forgotten, and ends with that, or without having been
 * shown if nothing came of it or what came of it is not known.
 */
class PendingChange {
  /** How far it has got. */
  enum Stage {
    ANNOUNCED,
    TOLD,
    ENDED
  }

  final Set<String> names;
  private final PublishedProducts published;
  private Stage stage = Stage.ANNOUNCED;

  PendingChange(PublishedProducts published, Collection<String> names) {
    this.published = published;
    this.names = Set.copyOf(names);
    published.begin(this.names);
  }

  /** A copy, for tests that try more than one future. */
  PendingChange(PendingChange other, PublishedProducts published) {
    this.published = published;
    this.names = other.names;
    this.stage = other.stage;
  }

  synchronized Stage stage() {
    return stage;
  }

  /** Each cache has forgotten these products or has lost its lease. */
  synchronized void told() {
    if (stage == Stage.ANNOUNCED) {
      stage = Stage.TOLD;
    }
  }

  /**
   * Shows what the change made, which must be durable, and ends.
   *
   * @throws IllegalStateException if a cache may still hold an older state
   */
  synchronized void show(Collection<Product.Versioned> products) {
    if (stage != Stage.TOLD) {
      throw new IllegalStateException("a change that is " + stage + " cannot be shown");
    }
    if (!products.stream().allMatch(p -> names.contains(p.product().name()))) {
      throw new IllegalStateException("caches were told of " + names + ", not of " + products);
    }
    // In this order: who reads in between is shown the new state and does not keep it.
    published.show(products);
    end();
  }

  synchronized void end() {
    if (stage != Stage.ENDED) {
      stage = Stage.ENDED;
      published.end(names);
    }
  }
}
