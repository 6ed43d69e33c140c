package toystore.catalog;

import java.io.IOException;
import toystore.node.replica.MissedStateFetcher;
import toystore.node.replica.PeerReader;
import toystore.protocol.message.MessageCodec;

/**
 * Requests the state that this catalog missed from another member. A catalog uses it if the leader
 * has truncated the log entries that the catalog needs next. Products and open holds are few and
 * are sent completely. Of the ended holds, which are many, only the missed ones are sent.
 */
final class CatalogCatchUp implements MissedStateFetcher.Source<EndedHoldKey, CatalogPage> {
  static final String PATH = "/missed";

  private final PeerReader peers;

  CatalogCatchUp(PeerReader peers) {
    this.peers = peers;
  }

  /** The response to a request for the rows that follow a given key. */
  static CatalogPage page(CatalogState state, EndedHoldKey after) {
    return state.missedAfter(after, MissedStateFetcher.PAGE_ROWS);
  }

  @Override
  public CatalogPage fetch(String member, EndedHoldKey after) throws IOException {
    return MessageCodec.fromCbor(
        peers.get(member, PATH + "?after=" + after.logIndex() + "&hold=" + after.holdId()),
        CatalogPage.class);
  }
}
