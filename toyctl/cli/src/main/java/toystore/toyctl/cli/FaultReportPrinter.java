package toystore.toyctl.cli;

import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import toystore.toyctl.chaos.FaultReport;
import toystore.toyctl.chaos.ReportPage;

/** Prints the report of a run with faults, and writes it as a page if one was asked for. */
final class FaultReportPrinter {
  private FaultReportPrinter() {}

  /**
   * Prints the report and its findings.
   *
   * @param command name of the command, printed before each finding
   * @param file where the page is written, or null for none
   * @return whether all promises held
   */
  static boolean print(
      CommandContext context, String command, FaultReport report, @Nullable Path file)
      throws IOException {
    if (file != null) {
      ReportPage.write(file, report, report.page());
    }
    context.data(report, report::text);
    report.proof().findings().forEach(finding -> context.warn(command + ": " + finding));
    return report.holds();
  }
}
