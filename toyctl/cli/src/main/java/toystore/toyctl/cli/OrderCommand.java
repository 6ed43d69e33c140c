package toystore.toyctl.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import toystore.client.ApiHttpClient;
import toystore.client.Deadline;
import toystore.protocol.api.Order;
import toystore.toyctl.cli.context.CommandContext;
import toystore.toyctl.cluster.ExitCode;
import toystore.toyctl.cluster.TextTable;
import toystore.toyctl.cluster.ThrowingStoreClient;
import toystore.toyctl.cluster.ToyctlException;

/** {@code toyctl order …} */
@Command(name = "order", description = "Shows orders.", synopsisSubcommandLabel = "(get | list)")
final class OrderCommand {
  private static TextTable table(List<Order> orders) {
    TextTable table = new TextTable("NUMBER", "NAME", "QUANTITY");
    for (Order order : orders) {
      table.row(order.number(), order.name(), order.quantity());
    }
    return table;
  }

  /** {@code toyctl order get NUMBER} */
  @Command(name = "get", description = "Shows one order.")
  static final class GetCommand implements Callable<Integer> {
    private final CommandContext context;

    @Parameters(
        paramLabel = "NUMBER",
        description = "Number of the order; the first order has number 0.")
    private long number;

    GetCommand(CommandContext context) {
      this.context = context;
    }

    @Override
    public Integer call() throws InterruptedException {
      try (ApiHttpClient http = new ApiHttpClient()) {
        Order order = context.store(context.config(), http).order(number, context.timeout());
        context.output().data(order, () -> table(List.of(order)).render());
      }
      return ExitCode.OK;
    }
  }

  /** {@code toyctl order list} */
  @Command(name = "list", description = "Lists orders by number.")
  static final class ListCommand implements Callable<Integer> {
    private static final int PAGE = 1_000;

    private final CommandContext context;

    @Option(
        names = "--after",
        paramLabel = "NUMBER",
        description = "Begin after this order number.")
    private @Nullable Long after;

    @Option(
        names = "--limit",
        paramLabel = "N",
        description = "Maximum number of orders (default: 100).")
    private int limit = 100;

    ListCommand(CommandContext context) {
      this.context = context;
    }

    @Override
    public Integer call() throws InterruptedException {
      if (limit < 1) {
        throw new ToyctlException(
            ExitCode.USAGE, "--limit", "must be at least 1", "toyctl order list --help");
      }
      List<Order> orders = new ArrayList<>();
      Deadline deadline = Deadline.in(context.timeout());
      try (ApiHttpClient http = new ApiHttpClient()) {
        ThrowingStoreClient store = context.store(context.config(), http);
        Long last = after;
        while (orders.size() < limit) {
          int wanted = Math.min(PAGE, limit - orders.size());
          List<Order> page = store.orders(last, wanted, deadline.timeLimit());
          orders.addAll(page);
          if (page.size() < wanted) {
            break;
          }
          last = page.getLast().number();
        }
      }
      context.output().data(orders, () -> table(orders).render());
      return ExitCode.OK;
    }
  }
}
