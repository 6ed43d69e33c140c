package toystore.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import toystore.protocol.api.Uuids;
import toystore.protocol.message.Hold;
import toystore.tests.models.ModelCatalog;

class HoldRulesTest {
  private static final int HOLDS = 3;
  private static final int DEPTH = 5;

  /** Products and holds in memory. The search copies them at each step. */
  private static final class MapInventory implements HoldRules.Inventory {
    final Map<String, ProductRow> products;
    final Map<UUID, HoldRow> open;
    final Map<UUID, Boolean> ended;
    int visibleChanges;
    long prunedBeforeMs;

    MapInventory(int stock) {
      this.products = new HashMap<>();
      this.open = new HashMap<>();
      this.ended = new HashMap<>();
      products.put("Tux", new ProductRow("Tux", 0, 1599, stock, stock, 0, 0, 1));
    }

    private MapInventory(MapInventory other) {
      this.products = new HashMap<>(other.products);
      this.open = new HashMap<>(other.open);
      this.ended = new HashMap<>(other.ended);
    }

    ProductRow tux() {
      ProductRow row = product("Tux");
      assertThat(row).isNotNull();
      return Objects.requireNonNull(row);
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
    public boolean hasEnded(UUID holdId) {
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
      assertThat(open.put(hold.holdId(), hold)).as("a hold is opened only once").isNull();
    }

    @Override
    public void end(UUID holdId, boolean settled) {
      assertThat(open.remove(holdId)).as("a hold that ends was open").isNotNull();
      assertThat(ended.put(holdId, settled)).as("a hold ends only once").isNull();
    }
  }

  private static UUID id(int hold) {
    return new UUID(0x7000, hold + 1);
  }

  private static Hold one(int hold) {
    return new Hold(id(hold), "Tux", 1, null);
  }

  /**
   * The exploration of the purchase protocol uses {@link ModelCatalog}. This test shows that the
   * production rules give the same answers as that model.
   */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2})
  @DisplayName("Every sequence of steps ends as in the model")
  void everySequenceOfStepsMatchesTheModel(int stock) {
    int sequences = compareAll(new MapInventory(stock), new ModelCatalog(stock, HOLDS), DEPTH);

    assertThat(sequences).isEqualTo((int) Math.pow(3 * HOLDS, DEPTH));
  }

  private static int compareAll(MapInventory inventory, ModelCatalog model, int depth) {
    assertSame(inventory, model);
    if (depth == 0) {
      return 1;
    }
    int sequences = 0;
    for (int hold = 0; hold < HOLDS; hold++) {
      for (int step = 0; step < 3; step++) {
        MapInventory nextInventory = new MapInventory(inventory);
        ModelCatalog nextModel = model.copy();
        switch (step) {
          case 0 ->
              assertThat(kind(HoldRules.hold(nextInventory, one(hold), 1_000)))
                  .isEqualTo(nextModel.hold(hold));
          case 1 -> {
            HoldRules.settle(nextInventory, id(hold));
            nextModel.settle(hold);
          }
          default -> {
            HoldRules.release(nextInventory, id(hold));
            nextModel.release(hold);
          }
        }
        sequences += compareAll(nextInventory, nextModel, depth - 1);
      }
    }
    return sequences;
  }

  private static void assertSame(MapInventory inventory, ModelCatalog model) {
    ProductRow tux = inventory.tux();
    boolean same =
        tux.stocked() == model.stocked()
            && tux.onHand() == model.onHand()
            && tux.held() == model.held()
            && tux.sold() == model.sold();
    for (int hold = 0; hold < HOLDS; hold++) {
      same &= status(inventory, id(hold)) == model.status(hold);
    }
    if (!same) {
      throw new AssertionError("the rules and the model differ; the rules have " + tux);
    }
  }

  private static ModelCatalog.Status status(MapInventory inventory, UUID hold) {
    if (inventory.open.containsKey(hold)) {
      return ModelCatalog.Status.OPEN;
    }
    Boolean settled = inventory.ended.get(hold);
    if (settled == null) {
      return ModelCatalog.Status.NEVER_MADE;
    }
    return settled ? ModelCatalog.Status.SETTLED : ModelCatalog.Status.RELEASED;
  }

  private static ModelCatalog.Answer kind(Hold.Answer answer) {
    return switch (answer) {
      case Hold.Granted granted -> ModelCatalog.Answer.GRANTED;
      case Hold.InsufficientStock notEnough -> ModelCatalog.Answer.NOT_ENOUGH;
      case Hold.AlreadyEnded ended -> ModelCatalog.Answer.OVER;
      case Hold.NoSuchProduct unknown -> throw new AssertionError("Tux is a product");
    };
  }

  @Test
  @DisplayName("A repeated hold gets its first answer again, whatever happened to the product")
  void repeatsTheFirstAnswer() {
    MapInventory inventory = new MapInventory(10);
    Hold.Answer first = HoldRules.hold(inventory, one(0), 1_000);
    HoldRules.hold(inventory, one(1), 1_000);
    HoldRules.release(inventory, id(1));

    assertThat(first).isEqualTo(new Hold.Granted(1599, 2));
    assertThat(HoldRules.hold(inventory, one(0), 9_000)).isEqualTo(first);
    assertThat(inventory.tux().held()).isEqualTo(1);
  }

  @Test
  @DisplayName("A hold from before the prune horizon is not granted again")
  void doesNotGrantAHoldBeforeTheHorizon() {
    MapInventory inventory = new MapInventory(10);
    UUID old = Uuids.smallestAt(5_000);
    UUID young = Uuids.smallestAt(5_001);
    Hold.Answer open = HoldRules.hold(inventory, new Hold(young, "Tux", 1, null), 5_001);
    HoldRules.hold(inventory, new Hold(old, "Tux", 1, null), 5_000);
    HoldRules.settle(inventory, old);
    inventory.ended.remove(old);
    inventory.prunedBeforeMs = 5_001;

    assertThat(HoldRules.hold(inventory, new Hold(old, "Tux", 1, null), 9_000))
        .isEqualTo(new Hold.AlreadyEnded());
    assertThat(HoldRules.hold(inventory, new Hold(young, "Tux", 1, null), 9_000)).isEqualTo(open);
    inventory.prunedBeforeMs = 5_002;
    assertThat(HoldRules.hold(inventory, new Hold(young, "Tux", 1, null), 9_000))
        .as("an open hold is kept however old it is")
        .isEqualTo(open);
    assertThat(inventory.tux().held()).isEqualTo(1);
    assertThat(inventory.tux().sold()).isEqualTo(1);
  }

  @Test
  @DisplayName("A hold that asks for too much is answered with the quantity that is left")
  void reportsHowManyAreLeft() {
    MapInventory inventory = new MapInventory(10);
    HoldRules.hold(inventory, new Hold(id(0), "Tux", 4, null), 1_000);

    assertThat(HoldRules.hold(inventory, new Hold(id(1), "Tux", 7, null), 1_000))
        .isEqualTo(new Hold.InsufficientStock(6));
    assertThat(HoldRules.hold(inventory, new Hold(id(1), "Tux", 6, null), 1_000))
        .isInstanceOf(Hold.Granted.class);
  }

  @Test
  @DisplayName("A hold of an unknown product is answered as such")
  void reportsAnUnknownProduct() {
    assertThat(HoldRules.hold(new MapInventory(1), new Hold(id(0), "tux", 1, null), 1_000))
        .isEqualTo(new Hold.NoSuchProduct());
  }

  @Test
  @DisplayName("The version increases with each change that clients can see, and only then")
  void theVersionCountsVisibleChanges() {
    MapInventory inventory = new MapInventory(10);
    HoldRules.hold(inventory, one(0), 1_000);
    HoldRules.hold(inventory, one(1), 1_000);
    assertThat(inventory.tux().version()).isEqualTo(3);
    HoldRules.settle(inventory, id(0));
    assertThat(inventory.tux().version())
        .as("clients cannot see that held stock is sold")
        .isEqualTo(3);
    HoldRules.release(inventory, id(1));
    assertThat(inventory.tux().version()).isEqualTo(4);
    assertThat(inventory.visibleChanges).isEqualTo(3);
  }

  @Test
  @DisplayName("A product whose quantities do not add up cannot be created")
  void rejectsARowThatDoesNotAddUp() {
    assertThatIllegalStateException()
        .isThrownBy(() -> new ProductRow("Tux", 0, 1599, 10, 5, 4, 2, 1));
    assertThatIllegalStateException()
        .isThrownBy(() -> new ProductRow("Tux", 0, 1599, 10, 11, -1, 0, 1));
    assertThatIllegalStateException().isThrownBy(() -> new MapInventory(1).tux().hold(2));
    assertThatIllegalStateException().isThrownBy(() -> new MapInventory(1).tux().settle(1));
  }
}
