package toystore.order;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.UUID;
import toystore.protocol.codec.Cbor;
import toystore.protocol.codec.Cbor.Compact;
import toystore.protocol.codec.Cbor.In;
import toystore.protocol.codec.Cbor.Out;
import toystore.protocol.message.Hold;

/**
 * What the order log is made of. All that is not determined by the log itself (ids, prices, times)
 * is put in by the leader that proposes it, so that every replica applies the same.
 */
sealed interface OrderLogCommand extends Compact {
  /** The leader's time when it proposed this, in milliseconds since 1970. */
  long timeMs();

  /**
   * One purchase whose stock is held.
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
      implements Compact {
    @Override
    public void write(Out out) {
      out.array(7).id(orderId).id(holdId).text(name).number(quantity).number(unitPriceCents);
      out.number(productVersion).number(askedAtMs);
    }

    private static Entry read(In in) throws IOException {
      return in.array(
          7,
          i ->
              new Entry(
                  i.id(), i.id(), i.text(), i.smallNumber(), i.number(), i.number(), i.number()));
    }
  }

  /** Purchases of one batch, in order. Result: a list of {@link Outcome}. */
  record Place(long timeMs, List<Entry> entries) implements OrderLogCommand {
    public Place {
      entries = List.copyOf(entries);
    }

    @Override
    public void write(Out out) {
      out.array(2).number(timeMs).list(entries);
    }

    private static Place read(In in) throws IOException {
      return in.array(2, i -> new Place(i.number(), i.list(Entry::read)));
    }
  }

  /** Decides doubtful holds. Result: {@link toystore.protocol.message.Hold.Outcomes}. */
  record Resolve(long timeMs, List<Hold.Doubt> holds) implements OrderLogCommand {
    public Resolve {
      holds = List.copyOf(holds);
    }

    @Override
    public void write(Out out) {
      out.array(2).number(timeMs).list(holds);
    }

    private static Resolve read(In in) throws IOException {
      return in.array(2, i -> new Resolve(i.number(), i.list(Hold.Doubt::read)));
    }

    /** As older versions wrote it: without the orders that holds were made for. */
    private static Resolve readWithoutOrders(In in) throws IOException {
      return in.array(
          2, i -> new Resolve(i.number(), i.list(hold -> new Hold.Doubt(hold.id(), null))));
    }
  }

  /** Forgets tombstones older than a time; entries asked for before it are void from here on. */
  record Prune(long timeMs, long beforeMs) implements OrderLogCommand {
    @Override
    public void write(Out out) {
      out.array(2).number(timeMs).number(beforeMs);
    }

    private static Prune read(In in) throws IOException {
      return in.array(2, i -> new Prune(i.number(), i.number()));
    }
  }

  /** Changes nothing; its index is one up to which replicas can be compared. Result: orders. */
  record Fence(long timeMs) implements OrderLogCommand {
    @Override
    public void write(Out out) {
      out.array(1).number(timeMs);
    }

    private static Fence read(In in) throws IOException {
      return in.array(1, i -> new Fence(i.number()));
    }
  }

  /** What applying an {@link Entry} came to. */
  sealed interface Outcome {}

  /** It has this number now. */
  record Numbered(long number) implements Outcome {}

  /** The order id was there before, as this order. */
  record Duplicate(OrderRow row) implements Outcome {}

  /** The hold was taken back before; nothing was ordered, and nothing can be with this hold. */
  record Voided() implements Outcome {}

  private static byte tag(OrderLogCommand command) {
    return switch (command) {
      case Place place -> 1;
      case Prune prune -> 3;
      case Fence fence -> 4;
      case Resolve resolve -> 5;
    };
  }

  /** One byte that says which command, then CBOR. */
  default byte[] encode() {
    return Cbor.bytes(tag(this), this);
  }

  /**
   * Reads what {@link #encode} wrote.
   *
   * @throws IllegalArgumentException for a command of a newer version: this replica must not go on
   */
  static OrderLogCommand decode(byte[] bytes) {
    Cbor.Reading<? extends OrderLogCommand> reading =
        switch (bytes[0]) {
          case 1 -> Place::read;
          case 2 -> Resolve::readWithoutOrders;
          case 3 -> Prune::read;
          case 4 -> Fence::read;
          case 5 -> Resolve::read;
          default -> throw new IllegalArgumentException("unknown order command " + bytes[0]);
        };
    try {
      return Cbor.read(bytes, 1, reading);
    } catch (IOException e) {
      throw new UncheckedIOException("an order command in the log is unreadable", e);
    }
  }
}
