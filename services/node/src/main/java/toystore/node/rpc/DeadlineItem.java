package toystore.node.rpc;

import java.util.Collections;
import java.util.List;
import toystore.client.Deadline;

/**
 * Something that is asked for until a deadline, one item of a {@link Batcher}.
 *
 * @param <T> what is asked for
 */
public record DeadlineItem<T>(T item, Deadline deadline) {
  /** Whether there is still somebody who waits for it. */
  public boolean isWanted() {
    return !deadline.passed();
  }

  /** What a batch asks for, in order. */
  public static <T> List<T> items(List<DeadlineItem<T>> batch) {
    return batch.stream().map(DeadlineItem::item).toList();
  }

  /** How long a batch may take: whoever has less time does not cut the others short. */
  public static <T> Deadline latest(List<DeadlineItem<T>> batch) {
    DeadlineItem<T> patient =
        Collections.max(
            batch, (a, b) -> Long.signum(a.deadline().nanoTime() - b.deadline().nanoTime()));
    return patient.deadline();
  }
}
