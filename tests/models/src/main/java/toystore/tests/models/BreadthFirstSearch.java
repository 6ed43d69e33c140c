package toystore.tests.models;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Queue;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Explores all states that a model can reach, breadth first, each state once. The search ends at
 * the first violation of an invariant, so the steps that it reports are as few as possible.
 *
 * <p>Only the states at the frontier stay in memory. The search stores two numbers for each
 * explored state and repeats the steps to a violation from the start.
 *
 * @param <S> the states
 */
public final class BreadthFirstSearch<S extends ModelState<S>> {
  /**
   * The result of a search.
   *
   * @param states the number of states that were found
   * @param violation the steps that lead to a violated invariant, one a line, and the violation
   *     itself; null if no state violates an invariant
   */
  public record Result(int states, @Nullable String violation) {}

  private final S start;
  private final LongHashSet seen = new LongHashSet();
  private final Queue<S> frontier = new ArrayDeque<>();

  // By number of a state: the number of its predecessor, and its index among the successors.
  private int[] predecessors = new int[1 << 16];
  private int[] indexes = new int[1 << 16];

  private BreadthFirstSearch(S start) {
    this.start = start;
  }

  /** Explores all states that follow a start. */
  public static <S extends ModelState<S>> Result explore(S start) {
    return explore(start, state -> {});
  }

  /**
   * Explores all states that follow a start.
   *
   * @param visitor receives each state that violates no invariant
   */
  public static <S extends ModelState<S>> Result explore(S start, Consumer<? super S> visitor) {
    return new BreadthFirstSearch<>(start).run(visitor);
  }

  private Result run(Consumer<? super S> visitor) {
    add(start, -1, -1);
    for (int number = 0; !frontier.isEmpty(); number++) {
      S state = frontier.remove();
      String violation = state.violation();
      if (violation != null) {
        return new Result(seen.size(), trace(number) + "=> " + violation);
      }
      visitor.accept(state);
      state.successors(new Adder(number));
    }
    return new Result(seen.size(), null);
  }

  /** Adds the successors of one state and counts them. */
  private final class Adder implements Consumer<S> {
    private final int predecessor;
    private int index;

    Adder(int predecessor) {
      this.predecessor = predecessor;
    }

    @Override
    public void accept(S successor) {
      add(successor, predecessor, index++);
    }
  }

  private void add(S state, int predecessor, int index) {
    int number = seen.size();
    if (!seen.add(state.key())) {
      return;
    }
    if (number == predecessors.length) {
      predecessors = Arrays.copyOf(predecessors, number * 2);
      indexes = Arrays.copyOf(indexes, number * 2);
    }
    predecessors[number] = predecessor;
    indexes[number] = index;
    frontier.add(state);
  }

  /** The steps that lead to a state, one a line. */
  private String trace(int end) {
    Deque<Integer> path = new ArrayDeque<>();
    for (int number = end; number > 0; number = predecessors[number]) {
      path.push(indexes[number]);
    }
    StringBuilder trace = new StringBuilder();
    S state = start;
    for (int index : path) {
      trace.append(state.describeStep(index)).append('\n');
      List<S> successors = new ArrayList<>();
      state.successors(successors::add);
      state = successors.get(index);
    }
    return trace.toString();
  }
}
