package toystore.toyctl;

import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** What a run with faults came to. */
interface FaultReport {
  /** Whether all promises held. */
  boolean holds();

  Proof proof();

  ReportPage page();

  /** For people. */
  String text();

  /**
   * Gives it to whoever asked for the run.
   *
   * @param command before each warning
   * @param file where a page is wanted, or null
   * @return whether all promises held
   */
  default boolean tell(Context context, String command, @Nullable Path file) throws IOException {
    if (file != null) {
      ReportPage.write(file, this, page());
    }
    context.data(this, this::text);
    proof().findings().forEach(finding -> context.warn(command + ": " + finding));
    return holds();
  }
}
