package toystore.catalog;

import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import toystore.db.log.LogPosition;
import toystore.db.storage.Database;
import toystore.node.replica.NewIdFilter;

/**
 * The holds that were settled or released. H2 holds nearly all of them; in memory are those that H2
 * does not have yet, and a filter that finds ids which certainly have not ended. The lock of {@link
 * CatalogState} guards it, except for {@link #persisted}.
 */
final class EndedHolds {
  /** Ids that the filter keeps in memory: those of some seconds under full load. */
  private static final int RECENT_IDS = 16_384;

  private final Database database;

  /** Ended holds that are not in H2 yet, with the index of the entry that ended them. */
  private final Map<UUID, Long> unwritten = new ConcurrentHashMap<>();

  private final NewIdFilter ids;

  /** Continues from a file, and deletes the rows that an unfinished install left in it. */
  EndedHolds(Database database, LogPosition applied) {
    this.database = database;
    database.write(transaction -> EndedHoldTable.deleteAfter(transaction, applied.index())).join();
    this.ids = NewIdFilter.beyond(NewIdFilter.in(database, "ended_holds", "hold_id"), RECENT_IDS);
  }

  /** Whether an entry before the given index ended this hold. */
  boolean endedBefore(UUID holdId, long logIndex) {
    if (unwritten.containsKey(holdId)) {
      return true;
    }
    if (ids.isNew(holdId)) {
      return false;
    }
    return database.readForLog(
        connection -> {
          // An install in progress may have written holds that later entries end.
          EndedHold hold = EndedHoldTable.find(connection, holdId);
          return hold != null && hold.logIndex() < logIndex;
        });
  }

  void add(UUID holdId, long logIndex) {
    unwritten.put(holdId, logIndex);
    ids.add(holdId);
  }

  /**
   * Adds holds of another catalog to the filter. It must be called before they are written: from
   * then on only H2 knows which entry ended them.
   */
  void addToFilter(List<EndedHold> holds) {
    holds.forEach(hold -> ids.add(hold.holdId()));
  }

  /** H2 has committed the changes up to a position. Called by the writer thread. */
  void persisted(LogPosition position) {
    unwritten.values().removeIf(index -> index <= position.index());
  }
}
