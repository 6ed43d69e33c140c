package toystore.catalog;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import toystore.api.Hold;

/** Several batches of holds as one command, and its answers back to each. */
final class Merge {
  private Merge() {}

  static CatalogCommand.Change of(long timeMs, List<Hold.Batch> batches) {
    List<Hold> holds = new ArrayList<>();
    List<UUID> settled = new ArrayList<>();
    List<UUID> released = new ArrayList<>();
    for (Hold.Batch batch : batches) {
      holds.addAll(batch.holds());
      settled.addAll(batch.outcomes().settled());
      released.addAll(batch.outcomes().released());
    }
    return new CatalogCommand.Change(timeMs, holds, new Hold.Outcomes(settled, released));
  }

  static List<List<Hold.Answer>> split(List<Hold.Answer> answers, List<Hold.Batch> batches) {
    List<List<Hold.Answer>> parts = new ArrayList<>(batches.size());
    int from = 0;
    for (Hold.Batch batch : batches) {
      int to = from + batch.holds().size();
      parts.add(answers.subList(from, to));
      from = to;
    }
    return parts;
  }
}
