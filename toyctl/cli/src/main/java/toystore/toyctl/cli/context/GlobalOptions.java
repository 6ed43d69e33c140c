package toystore.toyctl.cli.context;

import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** The options that every command accepts, before and after the name of the command. */
public final class GlobalOptions {
  @Option(
      names = "--data",
      paramLabel = "DIR",
      scope = ScopeType.INHERIT,
      description = "The data directory of the store (default: data).")
  Path data = Path.of("data");

  @Option(
      names = "--port-base",
      paramLabel = "N",
      scope = ScopeType.INHERIT,
      description =
          "The number to which the port offsets of all nodes are added (default: the port base"
              + " recorded in the data directory, or 12500).")
  @Nullable Integer portBase;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      scope = ScopeType.INHERIT,
      description = "A file with settings that override config/toystore.yaml.")
  @Nullable Path config;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "table|json",
      scope = ScopeType.INHERIT,
      description = "The output format (default: table).")
  OutputFormat output = OutputFormat.TABLE;

  @Option(
      names = {"-q", "--quiet"},
      scope = ScopeType.INHERIT,
      description = "Print only the requested data.")
  boolean quiet;

  @Option(
      names = "--timeout",
      paramLabel = "SECONDS",
      scope = ScopeType.INHERIT,
      converter = SecondsConverter.class,
      description = "The time limit for a request, including retries (default: 10).")
  Duration timeout = Duration.ofSeconds(10);
}
