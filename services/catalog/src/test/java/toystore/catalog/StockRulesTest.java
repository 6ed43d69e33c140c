package toystore.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import toystore.protocol.api.Uuids;
import toystore.protocol.message.Hold;
import toystore.tests.models.ModelCatalog;

class StockRulesTest {
  private static final int HOLDS = 3;
  private static final int DEPTH = 5;

  /** Products and holds in memory, copied at each step of a search. */
  private static final class Shelf implements StockRules.Shelf {
    final Map<String, ProductRow> products;
    final Map<UUID, HoldRow> open;
    final Map<UUID, Boolean> ended;
    int visibleChanges;
    long prunedBeforeMs;

    Shelf(int stock) {
      this.products = new HashMap<>();
      this.open = new HashMap<>();
      this.ended = new HashMap<>();
      products.put("Tux", new ProductRow("Tux", 0, 1599, stock, stock, 0, 0, 1));
    }

    private Shelf(Shelf other) {
      this.products = new HashMap<>(other.products);
      this.open = new HashMap<>(other.open);
      this.ended = new HashMap<>(other.ended);
    }

    ProductRow tux() {
      ProductRow row = product("Tux");
      assertThat(row).isNotNull();
      return java.util.Objects.requireNonNull(row);
    }

    @Override
    public @Nullable ProductRow product(String name) {
      return products.get(name);
    }

    @Override
    public @Nullable HoldRow openHold(UUID holdId) {
      return open.get(holdId);
    }

    @Override
    public boolean ended(UUID holdId) {
      return ended.containsKey(holdId);
    }

    @Override
    public long prunedBeforeMs() {
      return prunedBeforeMs;
    }

    @Override
    public void put(ProductRow product, boolean visible) {
      visibleChanges += visible ? 1 : 0;
      products.put(product.name(), product);
    }

    @Override
    public void open(HoldRow hold) {
      assertThat(open.put(hold.holdId(), hold)).as("a hold is opened once").isNull();
    }

    @Override
    public void end(UUID holdId, boolean settled) {
      assertThat(open.remove(holdId)).as("what ends was open").isNotNull();
      assertThat(ended.put(holdId, settled)).as("a hold ends once").isNull();
    }
  }

  private static UUID id(int hold) {
    return new UUID(0x7000, hold + 1);
  }

  private static Hold one(int hold) {
    return new Hold(id(hold), "Tux", 1, null);
  }

  /**
   * The purchase protocol is explored with {@link ModelCatalog}; here the real rules behave like
   * it, answer by answer, through every sequence of so many steps.
   */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2})
  void everySequenceOfStepsEndsAsTheModelDoes(int stock) {
    int sequences = compareAll(new Shelf(stock), new ModelCatalog(stock, HOLDS), DEPTH);

    assertThat(sequences).isEqualTo((int) Math.pow(3 * HOLDS, DEPTH));
  }

  private static int compareAll(Shelf shelf, ModelCatalog model, int depth) {
    assertSame(shelf, model);
    if (depth == 0) {
      return 1;
    }
    int sequences = 0;
    for (int hold = 0; hold < HOLDS; hold++) {
      for (int step = 0; step < 3; step++) {
        Shelf nextShelf = new Shelf(shelf);
        ModelCatalog nextModel = model.copy();
        switch (step) {
          case 0 ->
              assertThat(kind(StockRules.hold(nextShelf, one(hold), 1_000)))
                  .isEqualTo(nextModel.hold(hold));
          case 1 -> {
            StockRules.settle(nextShelf, id(hold));
            nextModel.settle(hold);
          }
          default -> {
            StockRules.release(nextShelf, id(hold));
            nextModel.release(hold);
          }
        }
        sequences += compareAll(nextShelf, nextModel, depth - 1);
      }
    }
    return sequences;
  }

  private static void assertSame(Shelf shelf, ModelCatalog model) {
    ProductRow tux = shelf.tux();
    boolean same =
        tux.stocked() == model.stocked()
            && tux.onHand() == model.onHand()
            && tux.held() == model.held()
            && tux.sold() == model.sold();
    for (int hold = 0; hold < HOLDS; hold++) {
      same &= status(shelf, id(hold)) == model.status(hold);
    }
    if (!same) {
      throw new AssertionError("the rules came to " + tux + ", the model did not");
    }
  }

  private static ModelCatalog.Status status(Shelf shelf, UUID hold) {
    if (shelf.open.containsKey(hold)) {
      return ModelCatalog.Status.OPEN;
    }
    Boolean settled = shelf.ended.get(hold);
    if (settled == null) {
      return ModelCatalog.Status.NEVER_MADE;
    }
    return settled ? ModelCatalog.Status.SETTLED : ModelCatalog.Status.RELEASED;
  }

  private static ModelCatalog.Answer kind(Hold.Answer answer) {
    return switch (answer) {
      case Hold.Granted granted -> ModelCatalog.Answer.GRANTED;
      case Hold.NotEnough few -> ModelCatalog.Answer.NOT_ENOUGH;
      case Hold.Over over -> ModelCatalog.Answer.OVER;
      case Hold.NoSuchProduct none -> throw new AssertionError("there is a Tux");
    };
  }

  @Test
  void aRepetitionGetsTheFirstAnswerAgainWhateverHappenedToTheProduct() {
    Shelf shelf = new Shelf(10);
    Hold.Answer first = StockRules.hold(shelf, one(0), 1_000);
    StockRules.hold(shelf, one(1), 1_000);
    StockRules.release(shelf, id(1));

    assertThat(first).isEqualTo(new Hold.Granted(1599, 2));
    assertThat(StockRules.hold(shelf, one(0), 9_000)).isEqualTo(first);
    assertThat(shelf.tux().held()).isEqualTo(1);
  }

  @Test
  void aHoldFromBeforeThePruneHorizonIsNotGrantedAnew() {
    Shelf shelf = new Shelf(10);
    UUID old = Uuids.smallestOf(5_000);
    UUID young = Uuids.smallestOf(5_001);
    Hold.Answer open = StockRules.hold(shelf, new Hold(young, "Tux", 1, null), 5_001);
    StockRules.hold(shelf, new Hold(old, "Tux", 1, null), 5_000);
    StockRules.settle(shelf, old);
    shelf.ended.remove(old);
    shelf.prunedBeforeMs = 5_001;

    assertThat(StockRules.hold(shelf, new Hold(old, "Tux", 1, null), 9_000))
        .isEqualTo(new Hold.Over());
    assertThat(StockRules.hold(shelf, new Hold(young, "Tux", 1, null), 9_000)).isEqualTo(open);
    shelf.prunedBeforeMs = 5_002;
    assertThat(StockRules.hold(shelf, new Hold(young, "Tux", 1, null), 9_000))
        .as("an open one is on record however old it is")
        .isEqualTo(open);
    assertThat(shelf.tux().held()).isEqualTo(1);
    assertThat(shelf.tux().sold()).isEqualTo(1);
  }

  @Test
  void whoWantsTooMuchHearsHowManyAreLeft() {
    Shelf shelf = new Shelf(10);
    StockRules.hold(shelf, new Hold(id(0), "Tux", 4, null), 1_000);

    assertThat(StockRules.hold(shelf, new Hold(id(1), "Tux", 7, null), 1_000))
        .isEqualTo(new Hold.NotEnough(6));
    assertThat(StockRules.hold(shelf, new Hold(id(1), "Tux", 6, null), 1_000))
        .isInstanceOf(Hold.Granted.class);
  }

  @Test
  void thereMayBeNoSuchProduct() {
    assertThat(StockRules.hold(new Shelf(1), new Hold(id(0), "tux", 1, null), 1_000))
        .isEqualTo(new Hold.NoSuchProduct());
  }

  @Test
  void theVersionRisesWithEachChangeThatClientsSeeAndOnlyThen() {
    Shelf shelf = new Shelf(10);
    StockRules.hold(shelf, one(0), 1_000);
    StockRules.hold(shelf, one(1), 1_000);
    assertThat(shelf.tux().version()).isEqualTo(3);
    StockRules.settle(shelf, id(0));
    assertThat(shelf.tux().version()).as("sold instead of held is no difference").isEqualTo(3);
    StockRules.release(shelf, id(1));
    assertThat(shelf.tux().version()).isEqualTo(4);
    assertThat(shelf.visibleChanges).isEqualTo(3);
  }

  @Test
  void aRowThatDoesNotAddUpCannotBeMade() {
    assertThatIllegalStateException()
        .isThrownBy(() -> new ProductRow("Tux", 0, 1599, 10, 5, 4, 2, 1));
    assertThatIllegalStateException()
        .isThrownBy(() -> new ProductRow("Tux", 0, 1599, 10, 11, -1, 0, 1));
    assertThatIllegalStateException().isThrownBy(() -> new Shelf(1).tux().hold(2));
    assertThatIllegalStateException().isThrownBy(() -> new Shelf(1).tux().settle(1));
  }
}
