package toystore.toyctl.cli;

import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.TypeConversionException;

/** The options of every command, accepted before and after it. */
final class GlobalOptions {
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
  OutputFormat output = OutputFormat.TABLE;

  @Option(
      names = {"-q", "--quiet"},
      scope = ScopeType.INHERIT,
      description = "Print nothing but data.")
  boolean quiet;

  @Option(
      names = "--timeout",
      paramLabel = "SECONDS",
      scope = ScopeType.INHERIT,
      converter = Seconds.class,
      description = "How long a request may take, retries included (default: 10).")
  Duration timeout = Duration.ofSeconds(10);

  /** A time to wait, in seconds as someone typed them: 10, 0.5. */
  static final class Seconds implements ITypeConverter<Duration> {
    private static final double MOST = 86_400;

    @Override
    public Duration convert(String text) {
      // Checked before it is a number: what Java calls one includes NaN, 1f and 0x1p3.
      double seconds = text.matches("[0-9]{1,6}(\\.[0-9]{1,3})?") ? Double.parseDouble(text) : 0;
      if (seconds <= 0 || seconds > MOST) {
        throw new TypeConversionException(
            "'" + text + "' is not a number of seconds above 0 and up to 86400");
      }
      return Duration.ofMillis(Math.round(seconds * 1000));
    }
  }
}
