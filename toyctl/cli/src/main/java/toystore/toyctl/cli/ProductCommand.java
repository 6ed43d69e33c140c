package toystore.toyctl.cli;

import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;
import toystore.protocol.api.Price;
import toystore.protocol.api.Product;
import toystore.toyctl.cluster.ExitCode;
import toystore.toyctl.cluster.HttpApi;
import toystore.toyctl.cluster.StoreClient;
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
  @Command(name = "list", description = "All products.")
  static final class ListCommand implements Callable<Integer> {
    private final CommandContext context;

    ListCommand(CommandContext context) {
      this.context = context;
    }

    @Override
    public Integer call() throws InterruptedException {
      try (HttpApi http = new HttpApi()) {
        List<Product> products = context.store(context.config(), http).products(context.timeout());
        context.data(products, () -> table(products).render());
      }
      return ExitCode.OK;
    }
  }

  /** {@code toyctl product get NAME} */
  @Command(name = "get", description = "One product.")
  static final class GetCommand implements Callable<Integer> {
    private final CommandContext context;

    @Parameters(paramLabel = "NAME", description = "Such as Tux.")
    private String name = "";

    GetCommand(CommandContext context) {
      this.context = context;
    }

    /** What is printed with -o json. */
    record Versioned(String name, Price price, long quantity, @Nullable Long version) {}

    @Override
    public Integer call() throws InterruptedException {
      try (HttpApi http = new HttpApi()) {
        StoreClient.Seen seen =
            context.store(context.config(), http).product(name, context.timeout());
        Product product = seen.product();
        context.data(
            new Versioned(product.name(), product.price(), product.quantity(), seen.version()),
            () -> table(List.of(product)).render());
      }
      return ExitCode.OK;
    }
  }
}
