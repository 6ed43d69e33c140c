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
 * Tells of time-ordered ids (UUIDv7) that they are certainly new, without asking the file: nearly
 * all ids that a log is given are, and a lookup that finds nothing costs as much as one that does.
 *
 * <p>Exact whatever clocks say. Ids of one range of their own times are all known here: the newest
 * ones that the log named, and none of the file is in that range. An id outside of it, or of
 * another version, may be known; then the file decides.
 *
 * <p>One thread adds, any number ask.
 */
public final class NewIdFilter {
  private static final int VERSION = 7;

  /** The beginning of the year 2100: ids from later on are left to the file. */
  private static final long END_MS = 4_102_444_800_000L;

  /** How many ids of the file are looked at at a time. */
  private static final int PAGE = 1_000;

  /** Reads ids of the file, largest first. */
  @FunctionalInterface
  public interface Largest {
    /** The ids that are no larger than this one, at most so many, by falling value. */
    List<UUID> upTo(UUID id, int limit);
  }

  /** The ids in a column that has an index, as whoever applies the log reads them. */
  public static Largest in(Database database, String table, String column) {
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

  /** The range begins after this, by the times of ids in milliseconds since 1970. */
  private volatile long aboveMs;

  private NewIdFilter(int capacity, long aboveMs) {
    this.capacity = capacity;
    this.aboveMs = aboveMs;
  }

  /**
   * Begins above all that a file holds.
   *
   * @param capacity how many ids are kept in memory
   */
  public static NewIdFilter beyond(Largest file, int capacity) {
    return new NewIdFilter(capacity, largest(file));
  }

  /** The time of the largest UUIDv7 of the file; ids made of keys lie between them at random. */
  private static long largest(Largest file) {
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

  /** Notes an id; from now on it is not new. */
  public void add(UUID id) {
    if (isInRange(id) && known.add(id) && known.size() > capacity) {
      UUID smallest = known.first();
      // First the range, then the id: who finds it gone must find the range shrunk.
      aboveMs = timeMs(smallest);
      known.remove(smallest);
    }
  }

  /** Whether this id was certainly never noted and is not in the file either. */
  public boolean isNew(UUID id) {
    return !known.contains(id) && isInRange(id);
  }
}
