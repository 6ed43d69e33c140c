package toystore.toyctl.cluster.verify;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import toystore.config.StoreConfig;
import toystore.protocol.message.Stock;
import toystore.toyctl.cluster.ExitCode;
import toystore.toyctl.cluster.TextTable;

/**
 * Whether the replicas hold the same rows, and whether the stock is what the orders say.
 *
 * @param index the log index of the comparison, or null if there was no leader to give one
 * @param catalogs the catalog nodes, where there are several
 */
public record VerifyReport(
    Result result,
    @Nullable Long index,
    List<Replica> replicas,
    List<Catalog> catalogs,
    List<Product> stock) {

  /** The outcome as a whole, and of one replica. */
  public enum Result {
    EQUAL(ExitCode.OK),
    /** Something differs that must not. */
    DIVERGED(ExitCode.VERIFICATION_FAILED),
    /** Not everything could be compared. */
    INCOMPLETE(ExitCode.STATE_UNKNOWN);

    private final int exitCode;

    Result(int exitCode) {
      this.exitCode = exitCode;
    }

    public int exitCode() {
      return exitCode;
    }

    @JsonValue
    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  public record Replica(String node, @Nullable Long orders, @Nullable String hash, Result result) {}

  /**
   * @param index the index of the catalog's own log at which it was compared
   * @param hash over its products and open holds
   */
  public record Catalog(String node, @Nullable Long index, @Nullable String hash, Result result) {
    static Catalog incomplete(StoreConfig.Node node) {
      return new Catalog(node.name(), null, null, Result.INCOMPLETE);
    }
  }

  /**
   * @param ordered what the order log says was bought, or null if no log could be read
   * @param exact whether both agree (promise P3), or null likewise
   */
  public record Product(
      String name,
      long stocked,
      long onHand,
      long held,
      long sold,
      @Nullable Long ordered,
      @Nullable Boolean exact) {

    /**
     * Compares a product's stock before and after the fence with the orders up to the fence. What
     * was sold before it is in the log; what the log has is sold by now, or about to be: settling
     * follows the order.
     */
    static Product of(@Nullable Stock before, Stock after, @Nullable Long ordered) {
      return new Product(
          after.name(),
          after.stocked(),
          after.onHand(),
          after.held(),
          after.sold(),
          ordered,
          ordered == null
              ? null
              : (before == null || (balanced(before) && before.sold() <= ordered))
                  && balanced(after)
                  && ordered <= after.sold() + after.held());
    }

    private static boolean balanced(Stock stock) {
      return stock.stocked() == stock.onHand() + stock.held() + stock.sold()
          && stock.onHand() >= 0
          && stock.held() >= 0
          && stock.sold() >= 0;
    }

    /** Ordered, but not known to the catalog. */
    static Product unknown(String name, long ordered) {
      return new Product(name, 0, 0, 0, 0, ordered, false);
    }
  }

  static VerifyReport of(
      @Nullable Long index,
      List<Replica> replicas,
      List<Catalog> catalogs,
      List<Product> stock,
      boolean complete) {
    List<Result> results =
        Stream.concat(
                replicas.stream().map(Replica::result), catalogs.stream().map(Catalog::result))
            .toList();
    boolean diverged =
        results.contains(Result.DIVERGED)
            || stock.stream().anyMatch(product -> Boolean.FALSE.equals(product.exact));
    boolean all = complete && !results.contains(Result.INCOMPLETE);
    return new VerifyReport(
        diverged ? Result.DIVERGED : all ? Result.EQUAL : Result.INCOMPLETE,
        index,
        List.copyOf(replicas),
        List.copyOf(catalogs),
        List.copyOf(stock));
  }

  /** Both tables and the result, for people. */
  public String text() {
    TextTable replicaTable = new TextTable("REPLICA", "ORDERS", "HASH", "RESULT");
    for (Replica replica : replicas) {
      replicaTable.row(replica.node, replica.orders, shortened(replica.hash), replica.result);
    }
    TextTable catalogTable = new TextTable("CATALOG", "INDEX", "HASH", "RESULT");
    for (Catalog catalog : catalogs) {
      catalogTable.row(catalog.node, catalog.index, shortened(catalog.hash), catalog.result);
    }
    TextTable stockTable =
        new TextTable("PRODUCT", "STOCKED", "ON HAND", "HELD", "SOLD", "ORDERED", "EXACT");
    for (Product product : stock) {
      stockTable.row(
          product.name,
          product.stocked,
          product.onHand,
          product.held,
          product.sold,
          product.ordered,
          product.exact == null ? null : product.exact ? "yes" : "NO");
    }
    return replicaTable.render()
        + "\n\n"
        + (catalogs.isEmpty() ? "" : catalogTable.render() + "\n\n")
        + stockTable.render()
        + "\n\n"
        + result
        + (index == null ? "" : " at index " + index);
  }

  private static @Nullable String shortened(@Nullable String hash) {
    return hash == null || hash.length() <= 16 ? hash : hash.substring(0, 16) + "…";
  }
}
