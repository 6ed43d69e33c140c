package toystore.tests.models;

import java.util.Arrays;

/** A set of longs without boxing. It keeps the keys of the states that a search has found. */
public final class LongHashSet {
  private long[] slots = new long[1 << 17];
  private int size;

  /**
   * Adds a value.
   *
   * @param value any value but -1, which marks a free slot
   * @return false if the set contains the value already
   */
  public boolean add(long value) {
    long stored = value + 1;
    if (size * 2 > slots.length) {
      grow();
    }
    int i = place(slots, stored);
    if (slots[i] == stored) {
      return false;
    }
    slots[i] = stored;
    size++;
    return true;
  }

  /** The number of values. */
  public int size() {
    return size;
  }

  private void grow() {
    long[] larger = new long[slots.length * 2];
    Arrays.stream(slots)
        .filter(stored -> stored != 0)
        .forEach(stored -> larger[place(larger, stored)] = stored);
    slots = larger;
  }

  private static int place(long[] slots, long stored) {
    int mask = slots.length - 1;
    // Multiplicative hashing (Knuth, TAOCP 3, 6.4), because keys may be packed bits and no hashes.
    long mixed = stored * 0x9E3779B97F4A7C15L;
    int i = (int) (mixed >>> 32) & mask;
    while (slots[i] != 0 && slots[i] != stored) {
      i = (i + 1) & mask;
    }
    return i;
  }
}
