package toystore.protocol.message;

import java.io.IOException;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import toystore.protocol.codec.Cbor.Compact;
import toystore.protocol.codec.Cbor.In;
import toystore.protocol.codec.Cbor.Out;

/**
 * A reservation of stock that the order leader asks the catalog for, idempotent by hold id. It ends
 * as settled (an order names it) or released (none does and none can).
 *
 * @param orderId the only order that may ever name it; null in logs of older versions
 */
public record Hold(UUID holdId, String name, int quantity, @Nullable UUID orderId)
    implements Compact {
  @Override
  public void write(Out out) {
    out.array(4).id(holdId).text(name).number(quantity).id(orderId);
  }

  /** Reads what {@link #write} wrote. */
  public static Hold read(In in) throws IOException {
    return in.array(4, i -> new Hold(i.id(), i.text(), i.smallNumber(), i.idOrNull()));
  }

  /**
   * What the order leader sends as one call: new holds, and what became of earlier ones. Outcomes
   * ride with the next holds, so that under load they cost neither a call nor an fsync.
   */
  public record Batch(List<Hold> holds, Outcomes outcomes) implements Compact {
    public Batch {
      holds = List.copyOf(holds);
    }

    @Override
    public void write(Out out) {
      outcomes.write(out.array(2).list(holds));
    }

    /** Reads what {@link #write} wrote. */
    public static Batch read(In in) throws IOException {
      return in.array(2, i -> new Batch(i.list(Hold::read), Outcomes.read(i)));
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

  /** What the catalog says to one hold. */
  public sealed interface Answer extends Compact {
    @Override
    default void write(Out out) {
      switch (this) {
        case Granted(long price, long version) ->
            out.array(2).number(0).array(2).number(price).number(version);
        case NotEnough(long left) -> out.array(2).number(1).array(1).number(left);
        case NoSuchProduct() -> out.array(2).number(2).array(0);
        case Over() -> out.array(2).number(3).array(0);
      }
    }

    /** Reads what {@link #write} wrote. */
    static Answer read(In in) throws IOException {
      return in.array(
          2,
          i ->
              switch (i.smallNumber()) {
                case 0 -> i.array(2, f -> new Granted(f.number(), f.number()));
                case 1 -> i.array(1, f -> new NotEnough(f.number()));
                case 2 -> i.array(0, f -> new NoSuchProduct());
                case 3 -> i.array(0, f -> new Over());
                default -> throw i.failure("an answer to a hold");
              });
    }
  }

  /**
   * So much is reserved.
   *
   * @param version the product's version that this hold made
   */
  public record Granted(long unitPriceCents, long version) implements Answer {}

  public record NotEnough(long left) implements Answer {}

  public record NoSuchProduct() implements Answer {}

  /** This hold has been settled or released already: a late repetition. Ask under a fresh id. */
  public record Over() implements Answer {}

  /** What became of holds, told by the order leader: named by an order, or free again. */
  public record Outcomes(List<UUID> settled, List<UUID> released) implements Compact {
    public static final Outcomes NONE = new Outcomes(List.of(), List.of());

    public Outcomes {
      settled = List.copyOf(settled);
      released = List.copyOf(released);
    }

    @Override
    public void write(Out out) {
      out.array(2).ids(settled).ids(released);
    }

    /** Reads what {@link #write} wrote. */
    public static Outcomes read(In in) throws IOException {
      return in.array(2, i -> new Outcomes(i.list(In::id), i.list(In::id)));
    }

    public boolean isEmpty() {
      return settled.isEmpty() && released.isEmpty();
    }
  }

  /**
   * A hold of which the catalog was not told what became.
   *
   * @param orderId the order that it was made for; null if it was made by an older version
   */
  public record Doubt(UUID holdId, @Nullable UUID orderId) implements Compact {
    @Override
    public void write(Out out) {
      out.array(2).id(holdId).id(orderId);
    }

    /** Reads what {@link #write} wrote. */
    public static Doubt read(In in) throws IOException {
      return in.array(2, i -> new Doubt(i.id(), i.idOrNull()));
    }
  }

  /** Doubtful holds that the order log shall decide (services/order/DESIGN.md). */
  public record Doubtful(List<Doubt> holds) implements Compact {
    public Doubtful {
      holds = List.copyOf(holds);
    }

    @Override
    public void write(Out out) {
      out.list(holds);
    }

    /** Reads what {@link #write} wrote. */
    public static Doubtful read(In in) throws IOException {
      return new Doubtful(in.list(Doubt::read));
    }
  }
}
