package toystore.cache;

import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Computes the key of a {@link CacheModel}. Two states have the same key only if they have the same
 * future. Two states that differ only in the numbers of the front ends have the same key.
 */
final class CacheModelKey {
  private static final String TUX = CacheModel.TUX;

  private final CacheModel model;
  private final CacheModelCatalog catalog;
  private final long now;

  private CacheModelKey(CacheModel model) {
    this.model = model;
    this.catalog = model.catalog;
    this.now = model.clock.read();
  }

  static long of(CacheModel model) {
    CacheModelKey key = new CacheModelKey(model);
    long sum = 0;
    for (CacheModelFrontEnd frontEnd : model.frontEnds) {
      sum += mix(0, key.frontEnd(frontEnd));
    }
    return mix(key.catalog(), sum);
  }

  private long catalog() {
    CacheModelBudget budget = model.budget;
    long key = mix(budget.ticks, budget.changes);
    key = mix(key, budget.unannounced);
    key = mix(key, budget.unknownOutcomes);
    key = mix(key, budget.renewals);
    key = mix(key, budget.misses);
    key = mix(key, budget.repetitions);
    key = mix(key, budget.catalogCrashes);
    key = mix(key, budget.leadershipLosses);
    key = mix(key, budget.frontEndCrashes);
    key = mix(key, model.applied);
    key = mix(key, model.seen);
    key = mix(key, model.catalogsStarted);
    key = mix(key, bit(catalog.open) + 2 * bit(catalog.wasOpen));
    key = mix(key, notNegative(catalog.sessions.untilOpen().toNanos()));
    var published = catalog.published.product(TUX);
    key = mix(key, published == null ? 0 : published.version());
    key = mix(key, catalog.published.pendingChanges.getOrDefault(TUX, 0));
    key = mix(key, bit(catalog.round != null));
    long sum = 0;
    for (CacheModelCatalog.Command command : catalog.commands) {
      boolean invalidated = command.change.stage() == PendingChange.Stage.INVALIDATED;
      sum += mix(command.version + 1L, bit(command.inRound) + 2L * bit(invalidated));
    }
    return mix(key, sum);
  }

  private long frontEnd(CacheModelFrontEnd frontEnd) {
    HeldSession held = frontEnd.cache.session;
    long key = mix(4711, frontEnd.sessionsBegun);
    key = mix(key, low(held.id));
    key = mix(key, low(held.catalog));
    key = mix(key, held.catalog == null ? 0 : notNegative(held.leaseEndsNanos - now));
    var entry = held.entries.get(TUX);
    key = mix(key, entry == null ? 0 : entry.version());
    long sum = 0;
    for (Map.Entry<UUID, GrantedSession> granted : catalog.sessions.sessions.entrySet()) {
      if (isOf(frontEnd, granted.getKey())) {
        sum += session(low(granted.getKey()), granted.getValue());
      }
    }
    for (UUID ended : catalog.sessions.endedIds) {
      sum += isOf(frontEnd, ended) ? mix(2, low(ended)) : 0;
    }
    if (catalog.round != null) {
      for (UUID awaited : catalog.round.awaited.keySet()) {
        sum += isOf(frontEnd, awaited) ? mix(3, low(awaited)) : 0;
      }
    }
    for (CacheModelMessage message : model.messages) {
      sum += message.frontEnd() == frontEnd.number ? message(frontEnd, message) : 0;
    }
    return mix(key, sum);
  }

  private static boolean isOf(CacheModelFrontEnd frontEnd, UUID session) {
    return CacheModelFrontEnd.numberOf(session) == frontEnd.number;
  }

  private long session(long id, GrantedSession session) {
    boolean acknowledged = session.unacknowledged == 0;
    long key = mix(1, id);
    key = mix(key, notNegative(session.expiresNanos - now));
    key = mix(key, session.unacknowledged);
    key = mix(key, acknowledged ? 0 : now - session.unacknowledgedSinceNanos);
    return mix(key, bit(session.ended));
  }

  private long message(CacheModelFrontEnd frontEnd, CacheModelMessage message) {
    return switch (message) {
      case CacheModelMessage.LeaseRequest request -> {
        long key = mix(4, low(request.renewal().message().session()));
        key = mix(key, low(request.renewal().message().catalog()));
        yield request.call() == frontEnd.call ? mix(key, model.age(request.renewal())) : key;
      }
      case CacheModelMessage.LeaseResponse response -> {
        long key = mix(5, low(response.renewal().message().session()));
        key = mix(key, low(response.grant().catalog()));
        key = mix(key, response.grant().lengthMs() + bit(response.grant().continued()));
        yield mix(key, model.age(response.renewal()));
      }
      case CacheModelMessage.ReadRequest request -> miss(6, request.miss());
      case CacheModelMessage.ReadResponse response -> {
        var product = response.answer().product();
        yield mix(miss(7, response.miss()), product == null ? 0 : product.version());
      }
      case CacheModelMessage.InvalidationRequest request -> mix(8, low(request.session()));
      case CacheModelMessage.InvalidationResponse response ->
          mix(mix(9, low(response.session())), response.status());
    };
  }

  private static long miss(long kind, ProductCache.Miss miss) {
    // The model drops misses whose product was invalidated, so the count need not be in the key.
    return mix(mix(kind, low(miss.session())), bit(miss.leased()));
  }

  private static long notNegative(long nanos) {
    return Math.max(0, nanos);
  }

  private static long low(@Nullable UUID id) {
    return id == null ? 0 : id.getLeastSignificantBits();
  }

  private static int bit(boolean value) {
    return value ? 1 : 0;
  }

  /** Combines two values with the finalizer of SplitMix64. */
  private static long mix(long one, long other) {
    long z = one * 0x9E3779B97F4A7C15L + other + 0x632BE59BD9B4E019L;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
