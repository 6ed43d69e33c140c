package toystore.node.rpc;

import java.util.Collections;
import java.util.List;
import toystore.client.Deadline;

/** An item of a {@link Batcher} with the deadline of the client that waits for its answer. */
public record DeadlineItem<T>(T item, Deadline deadline) {
  /** Whether the client still waits for the answer. */
  public boolean isWanted() {
    return !deadline.passed();
  }

  /** The items of a batch, in order. */
  public static <T> List<T> items(List<DeadlineItem<T>> batch) {
    return batch.stream().map(DeadlineItem::item).toList();
  }

  /** The latest deadline of a batch. An item with an earlier deadline must not fail the others. */
  public static <T> Deadline latest(List<DeadlineItem<T>> batch) {
    DeadlineItem<T> latest =
        Collections.max(
            batch, (a, b) -> Long.signum(a.deadline().nanoTime() - b.deadline().nanoTime()));
    return latest.deadline();
  }
}
