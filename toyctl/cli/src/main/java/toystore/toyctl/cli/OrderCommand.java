package toystore.toyctl.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import toystore.protocol.api.Order;
import toystore.toyctl.cluster.CommandDeadline;
import toystore.toyctl.cluster.ExitCode;
import toystore.toyctl.cluster.HttpApi;
import toystore.toyctl.cluster.StoreClient;
import toystore.toyctl.cluster.TextTable;
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
  @Command(name = "get", description = "One order.")
  static final class GetCommand implements Callable<Integer> {
    private final CommandContext context;

    @Parameters(paramLabel = "NUMBER", description = "From 0 on.")
    private long number;

    GetCommand(CommandContext context) {
      this.context = context;
    }

    @Override
    public Integer call() throws InterruptedException {
      try (HttpApi http = new HttpApi()) {
        Order order = context.store(context.config(), http).order(number, context.timeout());
        context.data(order, () -> table(List.of(order)).render());
      }
      return ExitCode.OK;
    }
  }

  /** {@code toyctl order list} */
  @Command(name = "list", description = "Orders by rising number.")
  static final class ListCommand implements Callable<Integer> {
    private static final int PAGE = 1_000;

    private final CommandContext context;

    @Option(names = "--after", paramLabel = "NUMBER", description = "Begin after this order.")
    private @Nullable Long after;

    @Option(names = "--limit", paramLabel = "N", description = "At most so many (default: 100).")
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
      CommandDeadline deadline = CommandDeadline.in(context.timeout());
      try (HttpApi http = new HttpApi()) {
        StoreClient store = context.store(context.config(), http);
        Long last = after;
        while (orders.size() < limit) {
          int wanted = Math.min(PAGE, limit - orders.size());
          List<Order> page = store.orders(last, wanted, deadline.left());
          orders.addAll(page);
          if (page.size() < wanted) {
            break;
          }
          last = page.getLast().number();
        }
      }
      context.data(orders, () -> table(orders).render());
      return ExitCode.OK;
    }
  }
}
