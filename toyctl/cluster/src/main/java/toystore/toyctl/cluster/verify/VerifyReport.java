package toystore.toyctl.cluster.verify;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import toystore.config.Topology;
import toystore.toyctl.cluster.ExitCode;
import toystore.toyctl.cluster.TextTable;

/**
 * Whether the replicas contain the same rows, and whether the stock matches the orders.
 *
 * @param index the index of the order log at which the replicas were compared
 * @param catalogs the catalog nodes; empty if there is only one
 */
public record VerifyReport(
    Result result,
    @Nullable Long index,
    List<Replica> replicas,
    List<Catalog> catalogs,
    List<Product> stock) {

  /** The result of the whole comparison, or of one replica. */
  public enum Result {
    EQUAL(ExitCode.OK),
    /** Rows or stock that must be equal differ. */
    DIVERGED(ExitCode.VERIFICATION_FAILED),
    /** Some node could not be read, so that not everything was compared. */
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

  /** The result for one order replica. */
  public record Replica(String node, @Nullable Long orders, @Nullable String hash, Result result) {}

  /**
   * The result for one catalog node.
   *
   * @param index the index of the catalog log at which the catalogs were compared
   * @param hash the hash of its products and open holds
   */
  public record Catalog(String node, @Nullable Long index, @Nullable String hash, Result result) {
    static Catalog incomplete(Topology.Node node) {
      return new Catalog(node.name(), null, null, Result.INCOMPLETE);
    }
  }

  /**
   * The result for one product.
   *
   * @param ordered the quantity in the order log, or null if no log could be read
   * @param exact whether the stock matches the orders (promise P3), or null if no log could be read
   */
  public record Product(
      String name,
      long stocked,
      long onHand,
      long held,
      long sold,
      @Nullable Long ordered,
      @Nullable Boolean exact) {}

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

  /** The report as text: the tables and the result. */
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
