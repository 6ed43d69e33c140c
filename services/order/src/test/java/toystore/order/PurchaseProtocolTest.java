package toystore.order;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import toystore.order.PurchaseModel.Fault;
import toystore.order.PurchaseModel.Setup;
import toystore.tests.models.LongHashSet;

/**
 * Every order of messages, crashes, delays, repetitions and losses of a purchase, breadth first
 * (DESIGN.md of this module). The log's decisions are those of the code that runs.
 */
class PurchaseProtocolTest {
  /** What a search came to. */
  private record Search(
      int states, int atRest, boolean ordered, boolean refused, @Nullable String violation) {}

  @ParameterizedTest(name = "stock {0}")
  @CsvSource({"1", "2"})
  void noOrderOfMessagesBreaksAPromise(int stock) {
    Search search = explore(new Setup(stock, 2, false, Fault.NONE));

    System.out.println("stock " + stock + ": " + search.states() + " states explored");
    assertThat(search.violation()).isNull();
    assertThat(search.states()).isGreaterThan(10_000);
  }

  @ParameterizedTest(name = "stock {0}")
  @CsvSource({"1", "2"})
  void atRestExactlyTheSettledHoldsAreOrdersWhicheverMessagesWereLost(int stock) {
    Search search = explore(new Setup(stock, 1, true, Fault.NONE));

    System.out.println(
        "stock "
            + stock
            + ": "
            + search.states()
            + " states explored, "
            + search.atRest()
            + " of them at rest");
    assertThat(search.violation()).isNull();
    assertThat(search.ordered()).as("a run that ends with an order").isTrue();
    assertThat(search.refused()).as("a run that ends without one").isTrue();
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NONE")
  void theSearchFindsAPlantedMistake(Fault fault) {
    Search search = explore(new Setup(2, 2, false, fault));

    System.out.println(
        fault + " found after " + search.states() + " states:\n" + search.violation());
    assertThat(search.violation()).isNotNull();
  }

  @Test
  void twoMirrorImagesCountAsOneState() {
    LongHashSet seen = new LongHashSet();
    new PurchaseModel(new Setup(1, 2, false, Fault.NONE)).successors(next -> seen.add(next.key()));

    assertThat(seen.size()).isEqualTo(1);
  }

  private static Search explore(Setup setup) {
    LongHashSet seen = new LongHashSet();
    Deque<PurchaseModel> frontier = new ArrayDeque<>();
    PurchaseModel start = new PurchaseModel(setup);
    seen.add(start.key());
    frontier.add(start);
    int atRest = 0;
    boolean ordered = false;
    boolean refused = false;
    while (!frontier.isEmpty()) {
      PurchaseModel state = frontier.remove();
      String violation = state.violation();
      if (violation != null) {
        return new Search(
            seen.size(), atRest, ordered, refused, state.story() + "\n=> " + violation);
      }
      if (state.atRest()) {
        atRest++;
        ordered |= state.ordered();
        refused |= !state.ordered();
      }
      state.successors(
          next -> {
            if (seen.add(next.key())) {
              frontier.add(next);
            }
          });
    }
    return new Search(seen.size(), atRest, ordered, refused, null);
  }
}
