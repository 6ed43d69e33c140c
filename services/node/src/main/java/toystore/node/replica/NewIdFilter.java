package toystore.node.replica;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ConcurrentSkipListSet;
import toystore.db.storage.Database;
import toystore.protocol.api.Uuids;

/**
 * Recognizes new time-ordered ids (UUIDv7) without a query to the file. Nearly all ids in log
 * entries are new, and a query that finds nothing costs as much as one that finds a row.
 *
 * <p>A UUIDv7 contains the time of its creation. The filter covers a range of these times: all ids
 * with a time in this range that are in the log are also in memory. An id with a time in the range
 * that is not in memory is therefore new, even if the clocks of the nodes that create ids disagree.
 * For an id outside of the range, or of another UUID version, the file must be queried.
 *
 * <p>One thread may add ids while any number of threads call {@link #isNew}.
 */
public final class NewIdFilter {
  private static final int VERSION = 7;

  /** The end of the range: the beginning of the year 2100. */
  private static final long END_MS = 4_102_444_800_000L;

  /** The number of ids in one query of the file. */
  private static final int PAGE = 1_000;

  /** Reads ids from the file in descending order. */
  @FunctionalInterface
  public interface DescendingIds {
    /** Returns at most {@code limit} ids that are not greater than {@code id}. */
    List<UUID> upTo(UUID id, int limit);
  }

  /** Reads ids from an indexed column, on the connection of the thread that applies the log. */
  public static DescendingIds in(Database database, String table, String column) {
    String query =
        "SELECT "
            + column
            + " FROM "
            + table
            + " WHERE "
            + column
            + " <= ? ORDER BY "
            + column
            + " DESC LIMIT ?";
    return (id, limit) ->
        database.readForLog(
            connection -> {
              try (PreparedStatement select = connection.prepareStatement(query)) {
                select.setObject(1, id);
                select.setInt(2, limit);
                List<UUID> found = new ArrayList<>();
                try (ResultSet rows = select.executeQuery()) {
                  while (rows.next()) {
                    found.add(rows.getObject(1, UUID.class));
                  }
                }
                return found;
              }
            });
  }

  private final int capacity;
  private final ConcurrentSkipListSet<UUID> known = new ConcurrentSkipListSet<>();

  /** The range begins after this time, in milliseconds since 1970. */
  private volatile long aboveMs;

  private NewIdFilter(int capacity, long aboveMs) {
    this.capacity = capacity;
    this.aboveMs = aboveMs;
  }

  /**
   * Creates a filter whose range begins after all ids of a file.
   *
   * @param capacity the maximum number of ids in memory
   */
  public static NewIdFilter beyond(DescendingIds file, int capacity) {
    return new NewIdFilter(capacity, largestTimeMs(file));
  }

  /**
   * The time of the largest UUIDv7 in the file, or -1 if there is none. Ids of other versions,
   * which are derived from keys, are skipped.
   */
  private static long largestTimeMs(DescendingIds file) {
    UUID next = Uuids.smallestAt(END_MS);
    while (true) {
      List<UUID> page = file.upTo(next, PAGE);
      for (UUID id : page) {
        if (id.version() == VERSION) {
          return timeMs(id);
        }
      }
      if (page.size() < PAGE) {
        return -1;
      }
      next = page.getLast();
    }
  }

  private static long timeMs(UUID id) {
    return id.getMostSignificantBits() >>> 16;
  }

  private boolean isInRange(UUID id) {
    long timeMs = timeMs(id);
    return id.version() == VERSION && timeMs > aboveMs && timeMs < END_MS;
  }

  /** Adds an id, which is not new from now on. */
  public void add(UUID id) {
    if (isInRange(id) && known.add(id) && known.size() > capacity) {
      UUID smallest = known.first();
      // The range shrinks first, so that no reader finds the range without its smallest id.
      aboveMs = timeMs(smallest);
      known.remove(smallest);
    }
  }

  /** Whether the id is certainly new: it was never added, and it is not in the file. */
  public boolean isNew(UUID id) {
    return !known.contains(id) && isInRange(id);
  }
}
