package toystore.toyctl.cli;

import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import toystore.toyctl.chaos.FaultReport;
import toystore.toyctl.chaos.ReportPage;
import toystore.toyctl.cli.context.CommandContext;

/** Prints the report of a run with faults, and writes it as an HTML page if requested. */
final class FaultReportPrinter {
  private FaultReportPrinter() {}

  /**
   * Prints the report and its findings.
   *
   * @param command the name of the command, printed before each finding
   * @param file the file for the page, or null to write none
   * @return whether all promises held
   */
  static boolean print(
      CommandContext context, String command, FaultReport report, @Nullable Path file)
      throws IOException {
    if (file != null) {
      ReportPage.write(file, report, report.page());
    }
    context.output().data(report, report::text);
    report.proof().findings().forEach(finding -> context.output().warn(command + ": " + finding));
    return report.holds();
  }
}
