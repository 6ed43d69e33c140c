package toystore.order.log;

import java.util.List;
import org.jspecify.annotations.Nullable;
import toystore.db.log.LogPosition;
import toystore.node.replica.MissedStateFetcher;

/**
 * Orders of another replica, for a replica that missed them.
 *
 * @param position what that replica had applied when it read the page
 * @param time the log time and the prune horizon, both as of the position
 * @param complete whether the page ends with the last order up to the position
 * @param tombstones all tombstones at the position if the page is complete, otherwise empty
 */
public record OrderPage(
    LogPosition position,
    OrderRowChange.Time time,
    boolean complete,
    List<OrderRow> rows,
    List<OrderRowChange.Tombstoned> tombstones)
    implements MissedStateFetcher.Page<Long> {

  @Override
  public @Nullable Long lastKey() {
    return rows.isEmpty() ? null : rows.getLast().number();
  }
}
