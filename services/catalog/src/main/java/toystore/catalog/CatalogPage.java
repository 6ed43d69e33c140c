package toystore.catalog;

import java.util.List;
import org.jspecify.annotations.Nullable;
import toystore.db.log.LogPosition;
import toystore.node.replica.MissedStateFetcher;

/**
 * State of another catalog, for a catalog that missed it: ended holds after a key, up to the
 * position given by {@code term} and {@code index}.
 *
 * @param nowMs the log's time at the position
 * @param prunedBeforeMs the prune horizon at the position
 * @param whole all products and open holds at the position, if this is the last page; otherwise
 *     null
 */
record CatalogPage(
    long term,
    long index,
    long nowMs,
    long prunedBeforeMs,
    CatalogRowChange.@Nullable Replaced whole,
    List<EndedHold> ended)
    implements MissedStateFetcher.Page<EndedHoldKey> {
  CatalogPage {
    ended = List.copyOf(ended);
  }

  static CatalogPage at(
      LogPosition position,
      CatalogRowChange.Time time,
      CatalogRowChange.@Nullable Replaced whole,
      List<EndedHold> ended) {
    return new CatalogPage(
        position.term(), position.index(), time.nowMs(), time.prunedBeforeMs(), whole, ended);
  }

  LogPosition position() {
    return new LogPosition(term, index);
  }

  CatalogRowChange.Time time() {
    return new CatalogRowChange.Time(nowMs, prunedBeforeMs);
  }

  @Override
  public boolean complete() {
    return whole != null;
  }

  @Override
  public @Nullable EndedHoldKey lastKey() {
    return ended.isEmpty() ? null : EndedHoldKey.of(ended.getLast());
  }
}
