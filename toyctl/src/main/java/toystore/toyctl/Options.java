package toystore.toyctl;

import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** The options of every command, accepted before and after it. */
final class Options {
  @Option(
      names = "--data",
      paramLabel = "DIR",
      scope = ScopeType.INHERIT,
      description = "Where the store keeps its data (default: data).")
  Path data = Path.of("data");

  @Option(
      names = "--port-base",
      paramLabel = "N",
      scope = ScopeType.INHERIT,
      description = "All ports follow from this (default: the data directory's, or 12500).")
  @Nullable Integer portBase;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      scope = ScopeType.INHERIT,
      description = "Settings that differ from config/toystore.yaml.")
  @Nullable Path config;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "table|json",
      scope = ScopeType.INHERIT,
      description = "For people or for programs (default: table).")
  Output output = Output.TABLE;

  @Option(
      names = {"-q", "--quiet"},
      scope = ScopeType.INHERIT,
      description = "Print nothing but data.")
  boolean quiet;

  @Option(
      names = "--timeout",
      paramLabel = "SECONDS",
      scope = ScopeType.INHERIT,
      description = "How long a request may take, retries included (default: 10).")
  double timeoutSeconds = 10;

  Duration timeout() {
    return seconds("--timeout", timeoutSeconds);
  }

  /**
   * Seconds as someone typed them.
   *
   * @throws CliException a usage error if that is no time to wait
   */
  static Duration seconds(String option, double seconds) {
    // The negation also catches NaN.
    if (!(seconds > 0 && seconds <= 86_400)) {
      throw new CliException(
          ExitCode.USAGE, option, "must be more than 0 and at most 86400 seconds", "toyctl help");
    }
    return Duration.ofNanos(Math.round(seconds * 1e9));
  }
}
