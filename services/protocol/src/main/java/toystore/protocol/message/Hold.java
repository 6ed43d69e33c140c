package toystore.protocol.message;

import java.io.IOException;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import toystore.protocol.codec.CborReader;
import toystore.protocol.codec.CborValue;
import toystore.protocol.codec.CborWriter;

/**
 * A reservation of stock. The order leader requests it from the catalog; requests are idempotent by
 * hold id. A hold ends when it is settled (an order refers to it) or released (no order refers to
 * it, and none can in future).
 *
 * @param orderId the only order that may refer to this hold; null in logs of older versions
 */
public record Hold(UUID holdId, String name, int quantity, @Nullable UUID orderId)
    implements CborValue {
  @Override
  public void write(CborWriter out) {
    out.array(4).id(holdId).text(name).number(quantity).id(orderId);
  }

  /** Reads the encoding that {@link #write} produces. */
  public static Hold read(CborReader in) throws IOException {
    return in.array(4, i -> new Hold(i.id(), i.text(), i.intNumber(), i.idOrNull()));
  }

  /**
   * One call of the order leader: new holds, and the outcomes of earlier holds. Outcomes are sent
   * together with new holds, so that under load they need no call and no fsync of their own.
   */
  public record Batch(List<Hold> holds, Outcomes outcomes) implements CborValue {
    public Batch {
      holds = List.copyOf(holds);
    }

    @Override
    public void write(CborWriter out) {
      outcomes.write(out.array(2).list(holds));
    }

    /** Reads the encoding that {@link #write} produces. */
    public static Batch read(CborReader in) throws IOException {
      return in.array(2, i -> new Batch(i.list(Hold::read), Outcomes.read(i)));
    }
  }

  /** The answers to the holds of a {@link Batch}, in the same order. */
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

  /** The answer of the catalog to one hold. */
  public sealed interface Answer extends CborValue {
    @Override
    default void write(CborWriter out) {
      switch (this) {
        case Granted(long price, long version) ->
            out.array(2).number(0).array(2).number(price).number(version);
        case InsufficientStock(long left) -> out.array(2).number(1).array(1).number(left);
        case NoSuchProduct() -> out.array(2).number(2).array(0);
        case AlreadyEnded() -> out.array(2).number(3).array(0);
      }
    }

    /** Reads the encoding that {@link #write} produces. */
    static Answer read(CborReader in) throws IOException {
      return in.array(
          2,
          i ->
              switch (i.intNumber()) {
                case 0 -> i.array(2, f -> new Granted(f.number(), f.number()));
                case 1 -> i.array(1, f -> new InsufficientStock(f.number()));
                case 2 -> i.array(0, f -> new NoSuchProduct());
                case 3 -> i.array(0, f -> new AlreadyEnded());
                default -> throw i.failure("the answer to a hold");
              });
    }
  }

  /**
   * The stock is reserved.
   *
   * @param version the version of the product after this hold
   */
  public record Granted(long unitPriceCents, long version) implements Answer {}

  public record InsufficientStock(long left) implements Answer {}

  public record NoSuchProduct() implements Answer {}

  /**
   * The hold was settled or released before, so this request is a late duplicate. The leader must
   * use a new hold id.
   */
  public record AlreadyEnded() implements Answer {}

  /** The outcomes of holds, which the order leader reports to the catalog. */
  public record Outcomes(List<UUID> settled, List<UUID> released) implements CborValue {
    public static final Outcomes NONE = new Outcomes(List.of(), List.of());

    public Outcomes {
      settled = List.copyOf(settled);
      released = List.copyOf(released);
    }

    @Override
    public void write(CborWriter out) {
      out.array(2).ids(settled).ids(released);
    }

    /** Reads the encoding that {@link #write} produces. */
    public static Outcomes read(CborReader in) throws IOException {
      return in.array(2, i -> new Outcomes(i.list(CborReader::id), i.list(CborReader::id)));
    }

    public boolean isEmpty() {
      return settled.isEmpty() && released.isEmpty();
    }
  }

  /**
   * A hold whose outcome the catalog does not know.
   *
   * @param orderId the order for which the hold was requested; null if an older version requested
   *     it
   */
  public record InDoubt(UUID holdId, @Nullable UUID orderId) implements CborValue {
    @Override
    public void write(CborWriter out) {
      out.array(2).id(holdId).id(orderId);
    }

    /** Reads the encoding that {@link #write} produces. */
    public static InDoubt read(CborReader in) throws IOException {
      return in.array(2, i -> new InDoubt(i.id(), i.idOrNull()));
    }
  }

  /** Holds whose outcome the order log must decide (services/order/DESIGN.md). */
  public record InDoubtBatch(List<InDoubt> holds) implements CborValue {
    public InDoubtBatch {
      holds = List.copyOf(holds);
    }

    @Override
    public void write(CborWriter out) {
      out.list(holds);
    }

    /** Reads the encoding that {@link #write} produces. */
    public static InDoubtBatch read(CborReader in) throws IOException {
      return new InDoubtBatch(in.list(InDoubt::read));
    }
  }
}
