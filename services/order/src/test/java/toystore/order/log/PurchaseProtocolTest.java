package toystore.order.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import toystore.order.log.PurchaseModel.Fault;
import toystore.order.log.PurchaseModel.Setup;
import toystore.tests.models.BreadthFirstSearch;
import toystore.tests.models.LongHashSet;

/**
 * Explores every order of messages, crashes, delays, repetitions and losses of a purchase, breadth
 * first. The purchase is described in DESIGN.md of this module. The decisions of the log are made
 * by the production code.
 */
class PurchaseProtocolTest {
  /** The result of a search. */
  private record Search(
      int states, int atRest, boolean ordered, boolean refused, @Nullable String violation) {}

  @ParameterizedTest(name = "stock {0}")
  @CsvSource({"1", "2"})
  @DisplayName("No order of messages violates an invariant")
  void noOrderOfMessagesViolatesAnInvariant(int stock) {
    Search search = explore(new Setup(stock, 2, false, Fault.NONE));

    System.out.println("stock " + stock + ": " + search.states() + " states explored");
    assertThat(search.violation()).isNull();
    assertThat(search.states()).isGreaterThan(10_000);
  }

  @ParameterizedTest(name = "stock {0}")
  @CsvSource({"1", "2"})
  @DisplayName(
      "At rest exactly the settled holds are named by orders, whichever messages were lost")
  void atRestTheSettledHoldsAreThoseOfOrders(int stock) {
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
  @DisplayName("The search finds each planted fault")
  void theSearchFindsAPlantedFault(Fault fault) {
    Search search = explore(new Setup(2, 2, false, fault));

    System.out.println(
        fault + " found after " + search.states() + " states:\n" + search.violation());
    assertThat(search.violation()).isNotNull();
  }

  @Test
  @DisplayName("Two states that differ only in the names of the leaders count as one")
  void mirrorImagesAreOneState() {
    LongHashSet seen = new LongHashSet();
    new PurchaseModel(new Setup(1, 2, false, Fault.NONE)).successors(next -> seen.add(next.key()));

    assertThat(seen.size()).isEqualTo(1);
  }

  private static Search explore(Setup setup) {
    AtomicInteger ordered = new AtomicInteger();
    AtomicInteger refused = new AtomicInteger();
    BreadthFirstSearch.Result result =
        BreadthFirstSearch.explore(
            new PurchaseModel(setup),
            state -> {
              if (state.atRest()) {
                (state.ordered() ? ordered : refused).incrementAndGet();
              }
            });
    return new Search(
        result.states(),
        ordered.get() + refused.get(),
        ordered.get() > 0,
        refused.get() > 0,
        result.violation());
  }
}
