package toystore.cache;

import com.github.benmanes.caffeine.cache.Ticker;
import java.util.UUID;

/** A front end of a {@link CacheModel}. */
final class CacheModelFrontEnd {
  final int number;
  int sessionsBegun;

  /** Identifies the renewal whose response the front end waits for. */
  int call;

  PlantedCacheFlaw.Cache cache;

  CacheModelFrontEnd(int number, PlantedCacheFlaw flaw, Ticker clock) {
    this.number = number;
    this.cache = new PlantedCacheFlaw.Cache(flaw, clock, this::nextSession);
  }

  CacheModelFrontEnd(CacheModelFrontEnd other) {
    this.number = other.number;
    this.sessionsBegun = other.sessionsBegun;
    this.call = other.call;
    this.cache = new PlantedCacheFlaw.Cache(other.cache, this::nextSession);
  }

  UUID nextSession() {
    return new UUID(number, ++sessionsBegun);
  }

  /** The number of the front end that a session belongs to. */
  static int numberOf(UUID session) {
    return (int) session.getMostSignificantBits();
  }
}
