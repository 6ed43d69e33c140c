package toystore.order;

import com.fasterxml.jackson.annotation.JsonFormat;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import toystore.api.Hold;
import toystore.api.Json;

/**
 * What the order log is made of. All that is not determined by the log itself (ids, prices, times)
 * is put in by the leader that proposes it, so that every replica applies the same.
 */
sealed interface OrderCommand {
  /** The leader's time when it proposed this, in milliseconds since 1970. */
  long timeMs();

  /**
   * One purchase whose stock is held.
   *
   * @param askedAtMs the leader's time when it asked for the hold
   */
  @JsonFormat(shape = JsonFormat.Shape.ARRAY)
  record Entry(
      UUID orderId,
      UUID holdId,
      String name,
      int quantity,
      long unitPriceCents,
      long productVersion,
      long askedAtMs) {}

  /** Purchases of one batch, in order. Result: a list of {@link Outcome}. */
  @JsonFormat(shape = JsonFormat.Shape.ARRAY)
  record Place(long timeMs, List<Entry> entries) implements OrderCommand {
    public Place {
      entries = List.copyOf(entries);
    }
  }

  /** Decides doubtful holds. Result: {@link toystore.api.Hold.Outcomes}. */
  @JsonFormat(shape = JsonFormat.Shape.ARRAY)
  record Resolve(long timeMs, List<Hold.Doubt> holds) implements OrderCommand {
    public Resolve {
      holds = List.copyOf(holds);
    }
  }

  /** {@link Resolve} as older versions wrote it: without the orders that holds were made for. */
  @JsonFormat(shape = JsonFormat.Shape.ARRAY)
  record ResolveByHold(long timeMs, List<UUID> holds) {
    public ResolveByHold {
      holds = List.copyOf(holds);
    }

    Resolve resolve() {
      return new Resolve(timeMs, holds.stream().map(id -> new Hold.Doubt(id, null)).toList());
    }
  }

  /** Forgets tombstones older than a time; entries asked for before it are void from here on. */
  @JsonFormat(shape = JsonFormat.Shape.ARRAY)
  record Prune(long timeMs, long beforeMs) implements OrderCommand {}

  /** Changes nothing; its index is one up to which replicas can be compared. Result: orders. */
  @JsonFormat(shape = JsonFormat.Shape.ARRAY)
  record Fence(long timeMs) implements OrderCommand {}

  /** What applying an {@link Entry} came to. */
  sealed interface Outcome {}

  /** It has this number now. */
  record Numbered(long number) implements Outcome {}

  /** The order id was there before, as this order. */
  record Duplicate(OrderRow row) implements Outcome {}

  /** The hold was taken back before; nothing was ordered, and nothing can be with this hold. */
  record Voided() implements Outcome {}

  private static byte tag(OrderCommand command) {
    return switch (command) {
      case Place place -> 1;
      case Prune prune -> 3;
      case Fence fence -> 4;
      case Resolve resolve -> 5;
    };
  }

  /** One byte that says which command, then CBOR. */
  default byte[] encode() {
    byte[] body = Json.toCbor(this);
    byte[] bytes = new byte[body.length + 1];
    bytes[0] = tag(this);
    System.arraycopy(body, 0, bytes, 1, body.length);
    return bytes;
  }

  /**
   * Reads what {@link #encode} wrote.
   *
   * @throws IllegalArgumentException for a command of a newer version: this replica must not go on
   */
  static OrderCommand decode(byte[] bytes) {
    byte[] body = Arrays.copyOfRange(bytes, 1, bytes.length);
    try {
      return switch (bytes[0]) {
        case 1 -> Json.fromCbor(body, Place.class);
        case 2 -> Json.fromCbor(body, ResolveByHold.class).resolve();
        case 3 -> Json.fromCbor(body, Prune.class);
        case 4 -> Json.fromCbor(body, Fence.class);
        case 5 -> Json.fromCbor(body, Resolve.class);
        default -> throw new IllegalArgumentException("unknown order command " + bytes[0]);
      };
    } catch (IOException e) {
      throw new UncheckedIOException("an order command in the log is unreadable", e);
    }
  }
}
