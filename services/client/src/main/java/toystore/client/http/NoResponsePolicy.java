package toystore.client.http;

import java.time.Duration;
import java.util.function.BooleanSupplier;

/**
 * Decides whether to keep waiting for a node that does not answer.
 *
 * @param interval the decision is repeated each time that nothing arrived for this long
 * @param keepWaiting returns false to give up
 */
public record NoResponsePolicy(Duration interval, BooleanSupplier keepWaiting) {
  /** Always keeps waiting until the deadline. */
  public static final NoResponsePolicy NONE = new NoResponsePolicy(Duration.ofDays(1), () -> true);
}
