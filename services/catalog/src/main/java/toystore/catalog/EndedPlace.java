package toystore.catalog;

import java.util.UUID;

/** A place in the order in which holds ended: by the entry that ended them, then by id. */
record EndedPlace(long logIndex, UUID holdId) {
  private static final UUID BEFORE_ALL = new UUID(0, 0);

  /** Behind all holds that this entry ended. */
  static EndedPlace after(long logIndex) {
    return new EndedPlace(logIndex + 1, BEFORE_ALL);
  }

  static EndedPlace of(EndedHold hold) {
    return new EndedPlace(hold.logIndex(), hold.holdId());
  }
}
