package toystore.protocol.message;

import java.io.IOException;
import java.util.List;
import java.util.UUID;
import toystore.protocol.codec.CborReader;
import toystore.protocol.codec.CborValue;
import toystore.protocol.codec.CborWriter;

/**
 * One purchase that a front end requests from the order leader. A retry has the same order id
 * (promise P2).
 */
public record PurchaseRequest(UUID orderId, String name, int quantity) implements CborValue {
  @Override
  public void write(CborWriter out) {
    out.array(3).id(orderId).text(name).number(quantity);
  }

  /** Reads the encoding that {@link #write} produces. */
  public static PurchaseRequest read(CborReader in) throws IOException {
    return in.array(3, i -> new PurchaseRequest(i.id(), i.text(), i.intNumber()));
  }

  /**
   * One call of a front end.
   *
   * @param budgetMs how long the front end will wait, in milliseconds. It is a duration and not a
   *     time of day, because the clocks of the hosts differ
   */
  public record Batch(long budgetMs, List<PurchaseRequest> purchases) implements CborValue {
    public Batch {
      purchases = List.copyOf(purchases);
    }

    @Override
    public void write(CborWriter out) {
      out.array(2).number(budgetMs).list(purchases);
    }

    /** Reads the encoding that {@link #write} produces. */
    public static Batch read(CborReader in) throws IOException {
      return in.array(2, i -> new Batch(i.number(), i.list(PurchaseRequest::read)));
    }
  }

  /** The answers to the purchases of a {@link Batch}, in the same order. */
  public record Answers(List<Answer> answers) implements CborValue {
    public Answers {
      answers = List.copyOf(answers);
    }

    @Override
    public void write(CborWriter out) {
      out.list(answers);
    }

    /** Reads the encoding that {@link #write} produces. */
    public static Answers read(CborReader in) throws IOException {
      return new Answers(in.list(Answer::read));
    }
  }

  /** The outcome of a purchase. Its encoding begins with the number of its kind. */
  public sealed interface Answer extends CborValue {
    @Override
    default void write(CborWriter out) {
      switch (this) {
        case Placed(long number, long version, boolean replayed) ->
            out.array(2).number(0).array(3).number(number).number(version).flag(replayed);
        case OutOfStock(long left) -> out.array(2).number(1).array(1).number(left);
        case UnknownProduct() -> out.array(2).number(2).array(0);
        case OrderIdReused(long number) -> out.array(2).number(3).array(1).number(number);
        case Undecided(String why) -> out.array(2).number(4).array(1).text(why);
      }
    }

    /** Reads the encoding that {@link #write} produces. */
    static Answer read(CborReader in) throws IOException {
      return in.array(
          2,
          i ->
              switch (i.intNumber()) {
                case 0 -> i.array(3, f -> new Placed(f.number(), f.number(), f.flag()));
                case 1 -> i.array(1, f -> new OutOfStock(f.number()));
                case 2 -> i.array(0, f -> new UnknownProduct());
                case 3 -> i.array(1, f -> new OrderIdReused(f.number()));
                case 4 -> i.array(1, f -> new Undecided(f.text()));
                default -> throw i.failure("the answer to a purchase");
              });
    }
  }

  /**
   * The order is committed.
   *
   * @param productVersion the version of the product after the hold of this order
   * @param replayed whether an earlier request with the same order id placed the order
   */
  public record Placed(long number, long productVersion, boolean replayed) implements Answer {}

  /**
   * There was not enough stock, so nothing was bought.
   *
   * @param left the stock that was left
   */
  public record OutOfStock(long left) implements Answer {}

  /** There is no such product, so nothing was bought. */
  public record UnknownProduct() implements Answer {}

  /**
   * An earlier order has the same id but another product or quantity. That order is unchanged.
   *
   * @param number the number of the earlier order
   */
  public record OrderIdReused(long number) implements Answer {}

  /**
   * The leader does not know the outcome: the purchase may or may not be committed. Only a retry
   * with the same order id is safe.
   */
  public record Undecided(String why) implements Answer {}
}
