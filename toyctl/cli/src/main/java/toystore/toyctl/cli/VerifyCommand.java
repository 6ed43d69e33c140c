package toystore.toyctl.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import toystore.config.StoreConfig;
import toystore.toyctl.cluster.HttpApi;
import toystore.toyctl.cluster.status.NodeClient;
import toystore.toyctl.cluster.verify.Verifier;
import toystore.toyctl.cluster.verify.VerifyReport;

/** {@code toyctl verify} */
@Command(
    name = "verify",
    description = "Compares all replicas row by row at one index, and the stock with the orders.")
final class VerifyCommand implements Callable<Integer> {
  private final CommandContext context;

  VerifyCommand(CommandContext context) {
    this.context = context;
  }

  @Override
  public Integer call() throws InterruptedException {
    StoreConfig config = context.config();
    try (HttpApi http = new HttpApi()) {
      Verifier verifier = new Verifier(config, new NodeClient(http, config), context.timeout());
      VerifyReport report = verifier.verify();
      context.data(report, report::text);
      verifier.findings().forEach(finding -> context.warn("verify: " + finding));
      if (report.result() != VerifyReport.Result.EQUAL) {
        context.err().println("  try: toyctl status");
      }
      return report.result().exitCode();
    }
  }
}
