package toystore.db.raft.log;

import java.util.Arrays;

/** The term and the byte offset of each entry in a segment file. Entries are numbered from 0. */
final class SegmentIndex {
  private int[] offsets = new int[64];
  private long[] terms = new long[64];
  private int count;
  private int end;

  /** An index without entries; the first one will start at this offset. */
  SegmentIndex(int start) {
    this.end = start;
  }

  void add(long term, int size) {
    if (count == offsets.length) {
      offsets = Arrays.copyOf(offsets, 2 * count);
      terms = Arrays.copyOf(terms, 2 * count);
    }
    offsets[count] = end;
    terms[count] = term;
    count++;
    end += size;
  }

  /** Keeps only the first entries. */
  void truncate(int newCount) {
    end = offsets[newCount];
    count = newCount;
  }

  int count() {
    return count;
  }

  /** Offset at which the next entry will start. */
  int end() {
    return end;
  }

  long term(int entry) {
    return terms[entry];
  }

  int startOf(int entry) {
    return offsets[entry];
  }

  int endOf(int entry) {
    return entry + 1 < count ? offsets[entry + 1] : end;
  }
}
