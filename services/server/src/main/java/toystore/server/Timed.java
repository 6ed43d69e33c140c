package toystore.server;

import java.util.Collections;
import java.util.List;
import toystore.calls.Deadline;

/**
 * Something that is asked for until a deadline, one item of a {@link Batcher}.
 *
 * @param <T> what is asked for
 */
public record Timed<T>(T item, Deadline deadline) {
  /** Whether there is still somebody who waits for it. */
  public boolean isWanted() {
    return !deadline.passed();
  }

  /** What a batch asks for, in order. */
  public static <T> List<T> items(List<Timed<T>> batch) {
    return batch.stream().map(Timed::item).toList();
  }

  /** How long a batch may take: whoever has less time does not cut the others short. */
  public static <T> Deadline latest(List<Timed<T>> batch) {
    Timed<T> patient =
        Collections.max(
            batch, (a, b) -> Long.signum(a.deadline().nanoTime() - b.deadline().nanoTime()));
    return patient.deadline();
  }
}
