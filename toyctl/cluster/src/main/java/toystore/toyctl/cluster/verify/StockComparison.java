package toystore.toyctl.cluster.verify;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import toystore.protocol.message.Stock;

/** Compares the stock of each product with the order log (promise P3). */
final class StockComparison {
  private final List<String> findings = new ArrayList<>();

  /** Descriptions of the differences. */
  List<String> findings() {
    return List.copyOf(findings);
  }

  /**
   * Compares all products of the catalog, and all products that were ordered.
   *
   * @param before the stock before the fence, or null if it could not be read
   * @param after the stock after the fence
   * @param ordered how many of each product were ordered before the fence, or null if no log could
   *     be read
   */
  List<VerifyReport.Product> compare(
      Stock.@Nullable Report before, Stock.Report after, @Nullable Map<String, Long> ordered) {
    Map<String, Stock> earlier = new HashMap<>();
    if (before != null) {
      before.stock().forEach(stock -> earlier.put(stock.name(), stock));
    }
    List<VerifyReport.Product> products = new ArrayList<>();
    TreeSet<String> unknown = new TreeSet<>(ordered == null ? List.of() : ordered.keySet());
    for (Stock stock : after.stock()) {
      unknown.remove(stock.name());
      VerifyReport.Product product =
          compare(
              earlier.get(stock.name()),
              stock,
              ordered == null ? null : ordered.getOrDefault(stock.name(), 0L));
      products.add(product);
      if (Boolean.FALSE.equals(product.exact())) {
        findings.add("the stock of " + stock.name() + " does not match the orders");
      }
    }
    for (String name : unknown) {
      long count = ordered == null ? 0 : ordered.getOrDefault(name, 0L);
      products.add(new VerifyReport.Product(name, 0, 0, 0, 0, count, false));
      findings.add(name + " was ordered, but the catalog does not have it");
    }
    return products;
  }

  /**
   * Compares one product. What was sold before the fence must be in the log up to the fence. What
   * is in the log must be sold after the fence or still held, because a hold is settled only after
   * its order is committed.
   */
  private static VerifyReport.Product compare(
      @Nullable Stock before, Stock after, @Nullable Long ordered) {
    return new VerifyReport.Product(
        after.name(),
        after.stocked(),
        after.onHand(),
        after.held(),
        after.sold(),
        ordered,
        ordered == null
            ? null
            : (before == null || (isBalanced(before) && before.sold() <= ordered))
                && isBalanced(after)
                && ordered <= after.sold() + after.held());
  }

  private static boolean isBalanced(Stock stock) {
    return stock.stocked() == stock.onHand() + stock.held() + stock.sold()
        && stock.onHand() >= 0
        && stock.held() >= 0
        && stock.sold() >= 0;
  }
}
