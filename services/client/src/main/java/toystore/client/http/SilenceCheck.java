package toystore.client.http;

import java.time.Duration;
import java.util.function.BooleanSupplier;

/** What to do about a node that says nothing: asked each time that so long nothing came. */
public record SilenceCheck(Duration every, BooleanSupplier goOn) {
  /** Waits until the time limit, whatever happens. */
  public static final SilenceCheck BORNE = new SilenceCheck(Duration.ofDays(1), () -> true);
}
