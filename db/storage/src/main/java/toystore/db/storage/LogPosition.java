package toystore.db.storage;

import java.util.Comparator;

/** A place in a Raft log: the term and index of one entry (Raft §5.3). */
public record LogPosition(long term, long index) implements Comparable<LogPosition> {
  /** Before the first entry. */
  public static final LogPosition NONE = new LogPosition(0, -1);

  private static final Comparator<LogPosition> ORDER =
      Comparator.comparingLong(LogPosition::term).thenComparingLong(LogPosition::index);

  @Override
  public int compareTo(LogPosition other) {
    return ORDER.compare(this, other);
  }

  @Override
  public String toString() {
    return "(term " + term + ", index " + index + ")";
  }
}
