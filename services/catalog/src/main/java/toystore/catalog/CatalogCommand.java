package toystore.catalog;

import com.fasterxml.jackson.annotation.JsonFormat;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import toystore.api.CatalogFile;
import toystore.api.Hold;
import toystore.api.Json;

/** What the catalog's log is made of. Times and prices are put in by the leader. */
sealed interface CatalogCommand {
  /** The leader's time when it proposed this, in milliseconds since 1970. */
  long timeMs();

  /** The products of a first start; nothing where there are products. */
  @JsonFormat(shape = JsonFormat.Shape.ARRAY)
  record Import(long timeMs, List<Line> lines) implements CatalogCommand {
    public Import {
      lines = List.copyOf(lines);
    }
  }

  /** One product of an import. */
  @JsonFormat(shape = JsonFormat.Shape.ARRAY)
  record Line(String name, long priceCents, long quantity) {
    static Line of(CatalogFile.Item item) {
      return new Line(item.name(), item.price().cents(), item.quantity());
    }
  }

  /** New holds, and what became of earlier ones. */
  @JsonFormat(shape = JsonFormat.Shape.ARRAY)
  record Change(long timeMs, List<Hold> holds, Hold.Outcomes outcomes) implements CatalogCommand {
    public Change {
      holds = List.copyOf(holds);
    }
  }

  /** {@link Change} as older versions wrote it: without the orders that holds were made for. */
  @JsonFormat(shape = JsonFormat.Shape.ARRAY)
  record ChangeWithoutOrders(long timeMs, List<HoldWithoutOrder> holds, Hold.Outcomes outcomes) {
    public ChangeWithoutOrders {
      holds = List.copyOf(holds);
    }

    Change change() {
      return new Change(timeMs, holds.stream().map(HoldWithoutOrder::hold).toList(), outcomes);
    }
  }

  /** One hold of such a change. */
  @JsonFormat(shape = JsonFormat.Shape.ARRAY)
  record HoldWithoutOrder(UUID holdId, String name, int quantity) {
    Hold hold() {
      return new Hold(holdId, name, quantity, null);
    }
  }

  /** Fills what is out of stock to so many. */
  @JsonFormat(shape = JsonFormat.Shape.ARRAY)
  record Restock(long timeMs, long wanted) implements CatalogCommand {}

  /** Forgets ended holds that were asked for before a time; from now on such a hold is over. */
  @JsonFormat(shape = JsonFormat.Shape.ARRAY)
  record Prune(long timeMs, long beforeMs) implements CatalogCommand {}

  /** Has every replica keep what it holds at this index, so that they can be compared. */
  @JsonFormat(shape = JsonFormat.Shape.ARRAY)
  record Fence(long timeMs) implements CatalogCommand {}

  /**
   * What applying a command gave.
   *
   * @param answers one to each hold, in order
   * @param visible the products that clients now see differently or that an answer speaks of, as
   *     they are after the command
   */
  record Result(List<Hold.Answer> answers, Map<String, ProductRow> visible) {
    public Result {
      answers = List.copyOf(answers);
      visible = Map.copyOf(visible);
    }
  }

  private static byte tag(CatalogCommand command) {
    return switch (command) {
      case Import first -> 1;
      case Restock restock -> 3;
      case Prune prune -> 4;
      case Fence fence -> 5;
      case Change change -> 6;
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
  static CatalogCommand decode(byte[] bytes) {
    byte[] body = Arrays.copyOfRange(bytes, 1, bytes.length);
    try {
      return switch (bytes[0]) {
        case 1 -> Json.fromCbor(body, Import.class);
        case 2 -> Json.fromCbor(body, ChangeWithoutOrders.class).change();
        case 3 -> Json.fromCbor(body, Restock.class);
        case 4 -> Json.fromCbor(body, Prune.class);
        case 5 -> Json.fromCbor(body, Fence.class);
        case 6 -> Json.fromCbor(body, Change.class);
        default -> throw new IllegalArgumentException("unknown catalog command " + bytes[0]);
      };
    } catch (IOException e) {
      throw new UncheckedIOException("a catalog command in the log is unreadable", e);
    }
  }
}
