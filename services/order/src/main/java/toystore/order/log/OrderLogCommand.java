package toystore.order.log;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.UUID;
import toystore.protocol.codec.CborDecoder;
import toystore.protocol.codec.CborReader;
import toystore.protocol.codec.CborValue;
import toystore.protocol.codec.CborWriter;
import toystore.protocol.message.Hold;

/**
 * The commands of the order log. The leader that proposes a command puts everything into it that
 * the log itself does not determine (ids, prices, times), so that all replicas apply the same.
 */
public sealed interface OrderLogCommand extends CborValue {
  /** The leader's time when it proposed the command, in milliseconds since 1970. */
  long timeMs();

  /**
   * A purchase for which the catalog holds stock.
   *
   * @param askedAtMs the leader's time when it asked for the hold
   */
  record Entry(
      UUID orderId,
      UUID holdId,
      String name,
      int quantity,
      long unitPriceCents,
      long productVersion,
      long askedAtMs)
      implements CborValue {
    @Override
    public void write(CborWriter out) {
      out.array(7).id(orderId).id(holdId).text(name).number(quantity).number(unitPriceCents);
      out.number(productVersion).number(askedAtMs);
    }

    private static Entry read(CborReader in) throws IOException {
      return in.array(
          7,
          i ->
              new Entry(
                  i.id(), i.id(), i.text(), i.intNumber(), i.number(), i.number(), i.number()));
    }
  }

  /** The purchases of one batch. Result: a list with one {@link Outcome} for each, in order. */
  record Place(long timeMs, List<Entry> entries) implements OrderLogCommand {
    public Place {
      entries = List.copyOf(entries);
    }

    @Override
    public void write(CborWriter out) {
      out.array(2).number(timeMs).list(entries);
    }

    private static Place read(CborReader in) throws IOException {
      return in.array(2, i -> new Place(i.number(), i.list(Entry::read)));
    }
  }

  /** Decides doubtful holds. Result: {@link Hold.Outcomes}. */
  record Resolve(long timeMs, List<Hold.InDoubt> holds) implements OrderLogCommand {
    public Resolve {
      holds = List.copyOf(holds);
    }

    @Override
    public void write(CborWriter out) {
      out.array(2).number(timeMs).list(holds);
    }

    private static Resolve read(CborReader in) throws IOException {
      return in.array(2, i -> new Resolve(i.number(), i.list(Hold.InDoubt::read)));
    }

    /** Reads the form of older versions, which did not contain order ids. */
    private static Resolve readWithoutOrders(CborReader in) throws IOException {
      return in.array(
          2, i -> new Resolve(i.number(), i.list(hold -> new Hold.InDoubt(hold.id(), null))));
    }
  }

  /**
   * Moves the prune horizon: deletes the tombstones from before a time. From then on, entries whose
   * hold was asked for before that time are void. Result: the horizon.
   */
  record Prune(long timeMs, long beforeMs) implements OrderLogCommand {
    @Override
    public void write(CborWriter out) {
      out.array(2).number(timeMs).number(beforeMs);
    }

    private static Prune read(CborReader in) throws IOException {
      return in.array(2, i -> new Prune(i.number(), i.number()));
    }
  }

  /**
   * Changes nothing. Replicas can be compared at the index of this entry. Result: the number of
   * orders.
   */
  record Fence(long timeMs) implements OrderLogCommand {
    @Override
    public void write(CborWriter out) {
      out.array(1).number(timeMs);
    }

    private static Fence read(CborReader in) throws IOException {
      return in.array(1, i -> new Fence(i.number()));
    }
  }

  /** What the log decided about an {@link Entry}. */
  sealed interface Outcome {}

  /** The entry became the order with this number. */
  record Numbered(long number) implements Outcome {}

  /** The log already contained this order under the order id. */
  record Duplicate(OrderRow row) implements Outcome {}

  /** The hold was taken back earlier. No order names it, and none ever can. */
  record Voided() implements Outcome {}

  private static byte tag(OrderLogCommand command) {
    return switch (command) {
      case Place place -> 1;
      case Prune prune -> 3;
      case Fence fence -> 4;
      case Resolve resolve -> 5;
    };
  }

  /** One byte for the kind of command, then CBOR. */
  default byte[] encode() {
    return CborWriter.bytes(tag(this), this);
  }

  /**
   * Reads what {@link #encode} wrote.
   *
   * @throws IllegalArgumentException for a command of a newer version; the replica must then stop
   */
  static OrderLogCommand decode(byte[] bytes) {
    CborDecoder<? extends OrderLogCommand> reading =
        switch (bytes[0]) {
          case 1 -> Place::read;
          case 2 -> Resolve::readWithoutOrders;
          case 3 -> Prune::read;
          case 4 -> Fence::read;
          case 5 -> Resolve::read;
          default -> throw new IllegalArgumentException("unknown order command " + bytes[0]);
        };
    try {
      return CborReader.read(bytes, 1, reading);
    } catch (IOException e) {
      throw new UncheckedIOException("an order command in the log cannot be decoded", e);
    }
  }
}
