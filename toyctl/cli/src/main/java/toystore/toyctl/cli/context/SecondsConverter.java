package toystore.toyctl.cli.context;

import java.time.Duration;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Converts timeouts in seconds without a unit: 10, 0.5. */
public final class SecondsConverter implements ITypeConverter<Duration> {
  private static final double MAX_SECONDS = 86_400;

  @Override
  public Duration convert(String text) {
    // The pattern rejects other forms that Java accepts as a number, such as NaN, 1f and 0x1p3.
    double seconds = text.matches("[0-9]{1,6}(\\.[0-9]{1,3})?") ? Double.parseDouble(text) : 0;
    if (seconds <= 0 || seconds > MAX_SECONDS) {
      throw new TypeConversionException(
          "'" + text + "' is not a number of seconds above 0 and up to 86400");
    }
    return Duration.ofMillis(Math.round(seconds * 1000));
  }
}
