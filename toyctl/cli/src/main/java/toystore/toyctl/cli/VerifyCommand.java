package toystore.toyctl.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import toystore.client.ApiHttpClient;
import toystore.config.StoreConfig;
import toystore.toyctl.cli.context.CommandContext;
import toystore.toyctl.cluster.nodes.NodeClient;
import toystore.toyctl.cluster.verify.Verifier;
import toystore.toyctl.cluster.verify.VerifyReport;

/** {@code toyctl verify} */
@Command(
    name = "verify",
    description =
        "Compares the orders of all replicas row by row at one log index, and the stock with the"
            + " orders.")
final class VerifyCommand implements Callable<Integer> {
  private final CommandContext context;

  VerifyCommand(CommandContext context) {
    this.context = context;
  }

  @Override
  public Integer call() throws InterruptedException {
    StoreConfig config = context.config();
    try (ApiHttpClient http = new ApiHttpClient()) {
      Verifier verifier = new Verifier(config, new NodeClient(http, config), context.timeout());
      VerifyReport report = verifier.verify();
      context.output().data(report, report::text);
      verifier.findings().forEach(finding -> context.output().warn("verify: " + finding));
      if (report.result() != VerifyReport.Result.EQUAL) {
        context.output().hint("toyctl status");
      }
      return report.result().exitCode();
    }
  }
}
