package toystore.cache;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Queue;
import org.jspecify.annotations.Nullable;
import toystore.tests.models.LongHashSet;

/** Breadth first through all moments that a model can get to, each of them once. */
public final class BreadthFirstSearch {
  /**
   * What a search came to.
   *
   * @param violation how a reader is shown an old state, in the fewest steps; null: never
   */
  public record Outcome(int states, @Nullable String violation) {}

  private final CacheModel start;
  private final LongHashSet seen = new LongHashSet();
  private final Queue<CacheModel> frontier = new ArrayDeque<>();

  // How the moment of each number was got to: by the step of that place from an earlier one.
  private int[] from = new int[1 << 16];
  private int[] by = new int[1 << 16];

  private BreadthFirstSearch(CacheModel start) {
    this.start = start;
  }

  public static Outcome of(CacheModel start) {
    return new BreadthFirstSearch(start).run();
  }

  private Outcome run() {
    add(start, -1, -1);
    int number = 0;
    while (!frontier.isEmpty()) {
      CacheModel state = frontier.remove();
      String violation = state.violation();
      if (violation != null) {
        return new Outcome(seen.size(), story(number) + "=> " + violation);
      }
      int place = 0;
      for (CacheModel.Step step : state.steps()) {
        add(state.after(step), number, place++);
      }
      number++;
    }
    return new Outcome(seen.size(), null);
  }

  private void add(CacheModel state, int parent, int place) {
    int number = seen.size();
    if (!seen.add(state.key())) {
      return;
    }
    if (number == from.length) {
      from = Arrays.copyOf(from, number * 2);
      by = Arrays.copyOf(by, number * 2);
    }
    from[number] = parent;
    by[number] = place;
    frontier.add(state);
  }

  /** The steps to a moment, one a line. */
  private String story(int end) {
    Deque<Integer> places = new ArrayDeque<>();
    for (int number = end; number > 0; number = from[number]) {
      places.push(by[number]);
    }
    StringBuilder story = new StringBuilder();
    CacheModel state = start;
    for (int place : places) {
      CacheModel.Step step = state.steps().get(place);
      story.append(state.describe(step)).append('\n');
      state = state.after(step);
    }
    return story.toString();
  }
}
