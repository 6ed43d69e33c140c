package toystore.order.log;

import java.util.List;
import toystore.db.log.LogPosition;

/**
 * What the installation of a page changes.
 *
 * @param prefix all orders after the installation
 * @param position the position of the log after it
 * @param changes the rows to write
 */
record OrderPageInstall(
    OrderPage page, LogPrefix prefix, LogPosition position, List<OrderRowChange> changes) {}
