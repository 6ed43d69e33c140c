package toystore.catalog;

import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import toystore.db.storage.RunningHash;
import toystore.protocol.message.MessageCodec;
import toystore.protocol.message.Stock;

/**
 * What this catalog held at the latest fences. All replicas keep it at the same log index, so that
 * they can be compared while purchases continue.
 */
final class StockFences {
  /** How many fences are kept. A comparison takes only seconds. */
  private static final int MAX_FENCES = 16;

  private final Map<Long, Stock.Fenced> byIndex = new LinkedHashMap<>();

  /** The state that the hash of a fence covers. */
  private record Everything(
      long nowMs, long prunedBeforeMs, List<ProductRow> products, List<HoldRow> openHolds) {}

  /**
   * Keeps the state at a fence.
   *
   * @param products in listing order
   * @param openHolds in the order of their ids
   */
  void keep(
      long index, CatalogRowChange.Time time, List<ProductRow> products, List<HoldRow> openHolds) {
    byte[] bytes =
        MessageCodec.toCbor(
            new Everything(time.nowMs(), time.prunedBeforeMs(), products, openHolds));
    byte[] hash = new RunningHash().next(RunningHash.initial(), ByteBuffer.wrap(bytes));
    byIndex.put(
        index,
        new Stock.Fenced(
            index,
            products.stream().map(ProductRow::stock).toList(),
            openHolds.size(),
            RunningHash.hex(hash)));
    if (byIndex.size() > MAX_FENCES) {
      byIndex.remove(byIndex.keySet().iterator().next());
    }
  }

  /** The state at a fence, or null if it was not applied yet or is no longer kept. */
  Stock.@Nullable Fenced at(long index) {
    return byIndex.get(index);
  }
}
