package toystore.tests.models;

import java.util.Arrays;

/** A set of longs that fits millions into a test's heap: the states that a search has seen. */
public final class LongHashSet {
  private long[] slots = new long[1 << 17];
  private int size;

  /** Adds; false if it was there. Minus one is kept as the one value that no state has. */
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

  /** How many there are. */
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
    // Keys may be packed rather than hashed (Knuth, TAOCP 3, 6.4: multiplicative hashing).
    long mixed = stored * 0x9E3779B97F4A7C15L;
    int i = (int) (mixed >>> 32) & mask;
    while (slots[i] != 0 && slots[i] != stored) {
      i = (i + 1) & mask;
    }
    return i;
  }
}
