package toystore.protocol.message;

import java.io.IOException;
import java.util.List;
import java.util.UUID;
import toystore.protocol.codec.Cbor.Compact;
import toystore.protocol.codec.Cbor.In;
import toystore.protocol.codec.Cbor.Out;

/**
 * One purchase under its order id, as a front end asks the order leader for it. Whoever repeats it
 * repeats the id (promise P2).
 */
public record PurchaseRequest(UUID orderId, String name, int quantity) implements Compact {
  @Override
  public void write(Out out) {
    out.array(3).id(orderId).text(name).number(quantity);
  }

  /** Reads what {@link #write} wrote. */
  public static PurchaseRequest read(In in) throws IOException {
    return in.array(3, i -> new PurchaseRequest(i.id(), i.text(), i.smallNumber()));
  }

  /**
   * What a front end sends as one call.
   *
   * @param budgetMs how long the sender will wait, in milliseconds; a duration and not a time,
   *     since the hosts' clocks differ
   */
  public record Batch(long budgetMs, List<PurchaseRequest> purchases) implements Compact {
    public Batch {
      purchases = List.copyOf(purchases);
    }

    @Override
    public void write(Out out) {
      out.array(2).number(budgetMs).list(purchases);
    }

    /** Reads what {@link #write} wrote. */
    public static Batch read(In in) throws IOException {
      return in.array(2, i -> new Batch(i.number(), i.list(PurchaseRequest::read)));
    }
  }

  /** The answers to a {@link Batch}, in its order. */
  public record Answers(List<Answer> answers) implements Compact {
    public Answers {
      answers = List.copyOf(answers);
    }

    @Override
    public void write(Out out) {
      out.list(answers);
    }

    /** Reads what {@link #write} wrote. */
    public static Answers read(In in) throws IOException {
      return new Answers(in.list(Answer::read));
    }
  }

  /** What became of a purchase. On its way, a number says which kind it is. */
  public sealed interface Answer extends Compact {
    @Override
    default void write(Out out) {
      switch (this) {
        case Placed(long number, long version, boolean replayed) ->
            out.array(2).number(0).array(3).number(number).number(version).flag(replayed);
        case OutOfStock(long left) -> out.array(2).number(1).array(1).number(left);
        case UnknownProduct() -> out.array(2).number(2).array(0);
        case OtherBody(long number) -> out.array(2).number(3).array(1).number(number);
        case Undecided(String why) -> out.array(2).number(4).array(1).text(why);
      }
    }

    /** Reads what {@link #write} wrote. */
    static Answer read(In in) throws IOException {
      return in.array(
          2,
          i ->
              switch (i.smallNumber()) {
                case 0 -> i.array(3, f -> new Placed(f.number(), f.number(), f.flag()));
                case 1 -> i.array(1, f -> new OutOfStock(f.number()));
                case 2 -> i.array(0, f -> new UnknownProduct());
                case 3 -> i.array(1, f -> new OtherBody(f.number()));
                case 4 -> i.array(1, f -> new Undecided(f.text()));
                default -> throw i.failure("an answer to a purchase");
              });
    }
  }

  /**
   * The order is in the log.
   *
   * @param productVersion the version that its hold made
   * @param replayed an earlier request placed it
   */
  public record Placed(long number, long productVersion, boolean replayed) implements Answer {}

  /** Nothing was bought; so many were left. */
  public record OutOfStock(long left) implements Answer {}

  /** Nothing was bought: there is no such product. */
  public record UnknownProduct() implements Answer {}

  /** The order id stands for another product or quantity; that order is unchanged. */
  public record OtherBody(long number) implements Answer {}

  /**
   * The leader cannot know, or did not begin: the purchase may or may not happen. Only a retry
   * under the same order id is safe.
   */
  public record Undecided(String why) implements Answer {}
}
