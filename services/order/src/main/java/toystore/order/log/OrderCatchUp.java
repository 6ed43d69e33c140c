package toystore.order.log;

import java.io.IOException;
import toystore.node.replica.MissedStateFetcher;
import toystore.node.replica.PeerReader;

/**
 * Requests the orders that this replica missed from another member. A replica uses it if the leader
 * has truncated the log entries that the replica needs next. The cost is proportional to what the
 * replica missed.
 */
public final class OrderCatchUp implements MissedStateFetcher.Source<Long, OrderPage> {
  public static final String PATH = "/missed";

  private final PeerReader peers;

  public OrderCatchUp(PeerReader peers) {
    this.peers = peers;
  }

  /** The response to a request for the orders from a number on. */
  public static byte[] page(OrderLog log, long from) {
    return OrderPageCodec.encode(log.missedAfter(from - 1, MissedStateFetcher.PAGE_ROWS));
  }

  @Override
  public OrderPage fetch(String member, Long afterNumber) throws IOException {
    return OrderPageCodec.decode(peers.get(member, PATH + "?from=" + (afterNumber + 1)));
  }
}
