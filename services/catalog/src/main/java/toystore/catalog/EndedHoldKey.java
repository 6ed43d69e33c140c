package toystore.catalog;

import java.util.UUID;

/** Orders ended holds by the entry that ended them, then by id. */
record EndedHoldKey(long logIndex, UUID holdId) {
  private static final UUID SMALLEST_ID = new UUID(0, 0);

  /** The key after all holds that an entry ended. */
  static EndedHoldKey after(long logIndex) {
    return new EndedHoldKey(logIndex + 1, SMALLEST_ID);
  }

  static EndedHoldKey of(EndedHold hold) {
    return new EndedHoldKey(hold.logIndex(), hold.holdId());
  }
}
