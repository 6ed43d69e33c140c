package toystore.api;

import com.fasterxml.jackson.annotation.JsonFormat;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.util.List;
import java.util.UUID;

/**
 * One purchase under its order id, as a front end asks the order leader for it. Whoever repeats it
 * repeats the id (promise P2).
 */
@JsonFormat(shape = JsonFormat.Shape.ARRAY)
public record Purchase(UUID orderId, String name, int quantity) {
  /**
   * What a front end sends as one call.
   *
   * @param budgetMs how long the sender will wait, in milliseconds; a duration and not a time,
   *     since the hosts' clocks differ
   */
  @JsonFormat(shape = JsonFormat.Shape.ARRAY)
  public record Batch(long budgetMs, List<Purchase> purchases) {
    public Batch {
      purchases = List.copyOf(purchases);
    }
  }

  /** The answers to a {@link Batch}, in its order. */
  @JsonFormat(shape = JsonFormat.Shape.ARRAY)
  public record Answers(List<Answer> answers) {
    public Answers {
      answers = List.copyOf(answers);
    }
  }

  /** What became of a purchase. */
  @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, include = JsonTypeInfo.As.WRAPPER_ARRAY)
  @JsonSubTypes({
    @JsonSubTypes.Type(value = Placed.class, name = "placed"),
    @JsonSubTypes.Type(value = OutOfStock.class, name = "out_of_stock"),
    @JsonSubTypes.Type(value = UnknownProduct.class, name = "unknown_product"),
    @JsonSubTypes.Type(value = OtherBody.class, name = "other_body"),
    @JsonSubTypes.Type(value = Undecided.class, name = "undecided")
  })
  public sealed interface Answer {}

  /**
   * The order is in the log.
   *
   * @param productVersion the version that its hold made
   * @param replayed an earlier request placed it
   */
  @JsonFormat(shape = JsonFormat.Shape.ARRAY)
  public record Placed(long number, long productVersion, boolean replayed) implements Answer {}

  /** Nothing was bought; so many were left. */
  @JsonFormat(shape = JsonFormat.Shape.ARRAY)
  public record OutOfStock(long left) implements Answer {}

  /** Nothing was bought: there is no such product. */
  @JsonFormat(shape = JsonFormat.Shape.ARRAY)
  public record UnknownProduct() implements Answer {}

  /** The order id stands for another product or quantity; that order is unchanged. */
  @JsonFormat(shape = JsonFormat.Shape.ARRAY)
  public record OtherBody(long number) implements Answer {}

  /**
   * The leader cannot know, or did not begin: the purchase may or may not happen. Only a retry
   * under the same order id is safe.
   */
  @JsonFormat(shape = JsonFormat.Shape.ARRAY)
  public record Undecided(String why) implements Answer {}
}
