package toystore.toyctl.cli;

import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;
import toystore.client.ApiHttpClient;
import toystore.client.StoreClient;
import toystore.protocol.api.Price;
import toystore.protocol.api.Product;
import toystore.toyctl.cli.context.CommandContext;
import toystore.toyctl.cluster.ExitCode;
import toystore.toyctl.cluster.TextTable;

/** {@code toyctl product …} */
@Command(
    name = "product",
    description = "Shows products.",
    synopsisSubcommandLabel = "(list | get)")
final class ProductCommand {
  private static TextTable table(List<Product> products) {
    TextTable table = new TextTable("NAME", "PRICE", "QUANTITY");
    for (Product product : products) {
      table.row(product.name(), product.price().amount(), product.quantity());
    }
    return table;
  }

  /** {@code toyctl product list} */
  @Command(name = "list", description = "Lists all products.")
  static final class ListCommand implements Callable<Integer> {
    private final CommandContext context;

    ListCommand(CommandContext context) {
      this.context = context;
    }

    @Override
    public Integer call() throws InterruptedException {
      try (ApiHttpClient http = new ApiHttpClient()) {
        List<Product> products = context.store(context.config(), http).products(context.timeout());
        context.output().data(products, () -> table(products).render());
      }
      return ExitCode.OK;
    }
  }

  /** {@code toyctl product get NAME} */
  @Command(name = "get", description = "Shows one product.")
  static final class GetCommand implements Callable<Integer> {
    private final CommandContext context;

    @Parameters(paramLabel = "NAME", description = "Name of the product, such as Tux.")
    private String name = "";

    GetCommand(CommandContext context) {
      this.context = context;
    }

    /** The JSON output. */
    record Versioned(String name, Price price, long quantity, @Nullable Long version) {}

    @Override
    public Integer call() throws InterruptedException {
      try (ApiHttpClient http = new ApiHttpClient()) {
        StoreClient.ProductWithVersion found =
            context.store(context.config(), http).product(name, context.timeout());
        Product product = found.product();
        context
            .output()
            .data(
                new Versioned(product.name(), product.price(), product.quantity(), found.version()),
                () -> table(List.of(product)).render());
      }
      return ExitCode.OK;
    }
  }
}
