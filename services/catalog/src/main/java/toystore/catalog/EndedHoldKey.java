package toystore.catalog;

import java.util.UUID;

/** A place in the order in which holds ended: by the entry that ended them, then by id. */
record EndedHoldKey(long logIndex, UUID holdId) {
  private static final UUID BEFORE_ALL = new UUID(0, 0);

  /** Behind all holds that this entry ended. */
  static EndedHoldKey after(long logIndex) {
    return new EndedHoldKey(logIndex + 1, BEFORE_ALL);
  }

  static EndedHoldKey of(EndedHold hold) {
    return new EndedHoldKey(hold.logIndex(), hold.holdId());
  }
}
