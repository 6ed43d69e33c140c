package toystore.api;

import com.fasterxml.jackson.annotation.JsonFormat;
import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A reservation of stock that the order leader asks the catalog for, idempotent by hold id. It ends
 * as settled (an order names it) or released (none does and none can).
 *
 * @param orderId the only order that may ever name it; null in logs of older versions
 */
@JsonFormat(shape = JsonFormat.Shape.ARRAY)
public record Hold(UUID holdId, String name, int quantity, @Nullable UUID orderId) {
  /**
   * What the order leader sends as one call: new holds, and what became of earlier ones. Outcomes
   * ride with the next holds, so that under load they cost neither a call nor an fsync.
   */
  @JsonFormat(shape = JsonFormat.Shape.ARRAY)
  public record Batch(List<Hold> holds, Outcomes outcomes) {
    public Batch {
      holds = List.copyOf(holds);
    }
  }

  /** The answers to a {@link Batch}, in its order. */
  @JsonFormat(shape = JsonFormat.Shape.ARRAY)
  public record Answers(List<Answer> answers) {
    public Answers {
      answers = List.copyOf(answers);
    }
  }

  /** What the catalog says to one hold. */
  @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, include = JsonTypeInfo.As.WRAPPER_ARRAY)
  @JsonSubTypes({
    @JsonSubTypes.Type(value = Granted.class, name = "granted"),
    @JsonSubTypes.Type(value = NotEnough.class, name = "not_enough"),
    @JsonSubTypes.Type(value = NoSuchProduct.class, name = "no_such_product"),
    @JsonSubTypes.Type(value = Over.class, name = "over")
  })
  public sealed interface Answer {}

  /**
   * So much is reserved.
   *
   * @param version the product's version that this hold made
   */
  @JsonFormat(shape = JsonFormat.Shape.ARRAY)
  public record Granted(long unitPriceCents, long version) implements Answer {}

  @JsonFormat(shape = JsonFormat.Shape.ARRAY)
  public record NotEnough(long left) implements Answer {}

  @JsonFormat(shape = JsonFormat.Shape.ARRAY)
  public record NoSuchProduct() implements Answer {}

  /** This hold has been settled or released already: a late repetition. Ask under a fresh id. */
  @JsonFormat(shape = JsonFormat.Shape.ARRAY)
  public record Over() implements Answer {}

  /** What became of holds, told by the order leader: named by an order, or free again. */
  @JsonFormat(shape = JsonFormat.Shape.ARRAY)
  public record Outcomes(List<UUID> settled, List<UUID> released) {
    public static final Outcomes NONE = new Outcomes(List.of(), List.of());

    public Outcomes {
      settled = List.copyOf(settled);
      released = List.copyOf(released);
    }

    @JsonIgnore
    public boolean isEmpty() {
      return settled.isEmpty() && released.isEmpty();
    }
  }

  /**
   * A hold of which the catalog was not told what became.
   *
   * @param orderId the order that it was made for; null if it was made by an older version
   */
  @JsonFormat(shape = JsonFormat.Shape.ARRAY)
  public record Doubt(UUID holdId, @Nullable UUID orderId) {}

  /** Doubtful holds that the order log shall decide (services/order/DESIGN.md). */
  public record Doubtful(List<Doubt> holds) {
    public Doubtful {
      holds = List.copyOf(holds);
    }
  }
}
