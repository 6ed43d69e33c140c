package toystore.tests.models;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One state of a model that {@link BreadthFirstSearch} explores. States are immutable for the
 * search: none of these methods changes what another one returns.
 *
 * @param <S> the implementing class
 */
public interface ModelState<S extends ModelState<S>> {
  /** Identifies the state. Two states have the same key only if they have the same future. */
  long key();

  /** Describes the first invariant that this state violates, or returns null. */
  @Nullable String violation();

  /** Passes on every state that one step can lead to, in the same order in each call. */
  void successors(Consumer<S> each);

  /**
   * Describes the step that leads to a successor.
   *
   * @param index the position of the successor in the order of {@link #successors}
   */
  String describeStep(int index);
}
