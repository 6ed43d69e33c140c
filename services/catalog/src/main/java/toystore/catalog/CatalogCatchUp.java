package toystore.catalog;

import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import toystore.db.log.LogPosition;
import toystore.node.replica.PeerReader;

/**
 * A missed state by difference: a catalog that is behind the start of the Raft log asks the leader
 * for products and open holds, which are few, and for those of the ended holds that it lacks. Ended
 * holds never change, so pages fit together, and the last one's position covers them all; what was
 * forgotten between two of them is forgotten at that position, too.
 */
final class CatalogCatchUp implements CatalogState.MissedState {
  static final String PATH = "/missed";
  private static final int PAGE = 5_000;

  /** What {@link CatalogState.Missed} says. */
  record Page(
      long term,
      long index,
      long nowMs,
      long prunedBeforeMs,
      CatalogRowChange.@Nullable Replaced whole,
      List<EndedHold> ended) {}

  private final PeerReader peers;

  CatalogCatchUp(PeerReader peers) {
    this.peers = peers;
  }

  static Page page(CatalogState state, EndedHoldKey after) {
    CatalogState.Missed missed = state.missedAfter(after, PAGE);
    return new Page(
        missed.position().term(),
        missed.position().index(),
        missed.time().nowMs(),
        missed.time().prunedBeforeMs(),
        missed.whole(),
        missed.ended());
  }

  @Override
  public CatalogState.Missed fetch(String leader, EndedHoldKey after) throws IOException {
    Page page =
        peers.get(
            leader, PATH + "?after=" + after.logIndex() + "&hold=" + after.holdId(), Page.class);
    return new CatalogState.Missed(
        new LogPosition(page.term(), page.index()),
        new CatalogRowChange.Time(page.nowMs(), page.prunedBeforeMs()),
        page.whole(),
        page.ended());
  }
}
