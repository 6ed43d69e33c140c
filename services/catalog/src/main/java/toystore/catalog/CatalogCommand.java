package toystore.catalog;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import toystore.config.ProductCsv;
import toystore.protocol.codec.CborDecoder;
import toystore.protocol.codec.CborReader;
import toystore.protocol.codec.CborValue;
import toystore.protocol.codec.CborWriter;
import toystore.protocol.message.Hold;

/**
 * The commands of the catalog's log. The leader that proposes a command puts the times and prices
 * into it, so that all replicas apply the same.
 */
sealed interface CatalogCommand extends CborValue {
  /** The leader's time when it proposed the command, in milliseconds since 1970. */
  long timeMs();

  /** Imports the products of a first start. Has no effect if there are products. */
  record Import(long timeMs, List<Line> lines) implements CatalogCommand {
    public Import {
      lines = List.copyOf(lines);
    }

    @Override
    public void write(CborWriter out) {
      out.array(2).number(timeMs).list(lines);
    }

    private static Import read(CborReader in) throws IOException {
      return in.array(2, i -> new Import(i.number(), i.list(Line::read)));
    }
  }

  /** One product of an import. */
  record Line(String name, long priceCents, long quantity) implements CborValue {
    @Override
    public void write(CborWriter out) {
      out.array(3).text(name).number(priceCents).number(quantity);
    }

    private static Line read(CborReader in) throws IOException {
      return in.array(3, i -> new Line(i.text(), i.number(), i.number()));
    }

    static Line of(ProductCsv.Item item) {
      return new Line(item.name(), item.price().cents(), item.quantity());
    }
  }

  /** Outcomes of earlier holds, and new holds. */
  record Change(long timeMs, List<Hold> holds, Hold.Outcomes outcomes) implements CatalogCommand {
    public Change {
      holds = List.copyOf(holds);
    }

    @Override
    public void write(CborWriter out) {
      outcomes.write(out.array(3).number(timeMs).list(holds));
    }

    private static Change read(CborReader in) throws IOException {
      return in.array(3, i -> new Change(i.number(), i.list(Hold::read), Hold.Outcomes.read(i)));
    }

    /** Reads the form of older versions, which did not contain order ids. */
    private static Change readWithoutOrders(CborReader in) throws IOException {
      return in.array(
          3,
          i ->
              new Change(
                  i.number(),
                  i.list(
                      hold -> hold.array(3, h -> new Hold(h.id(), h.text(), h.intNumber(), null))),
                  Hold.Outcomes.read(i)));
    }
  }

  /**
   * Restocks the products that are out of stock.
   *
   * @param wanted the quantity on hand afterwards
   */
  record Restock(long timeMs, long wanted) implements CatalogCommand {
    @Override
    public void write(CborWriter out) {
      out.array(2).number(timeMs).number(wanted);
    }

    private static Restock read(CborReader in) throws IOException {
      return in.array(2, i -> new Restock(i.number(), i.number()));
    }
  }

  /**
   * Moves the prune horizon: deletes the ended holds that were asked for before a time. From then
   * on, every hold from before that time counts as ended, unless it is open.
   */
  record Prune(long timeMs, long beforeMs) implements CatalogCommand {
    @Override
    public void write(CborWriter out) {
      out.array(2).number(timeMs).number(beforeMs);
    }

    private static Prune read(CborReader in) throws IOException {
      return in.array(2, i -> new Prune(i.number(), i.number()));
    }
  }

  /** Every replica keeps what it holds at this index, so that replicas can be compared. */
  record Fence(long timeMs) implements CatalogCommand {
    @Override
    public void write(CborWriter out) {
      out.array(1).number(timeMs);
    }

    private static Fence read(CborReader in) throws IOException {
      return in.array(1, i -> new Fence(i.number()));
    }
  }

  /**
   * The result of a command.
   *
   * @param answers one for each hold, in order
   * @param visible the products whose visible state changed or that an answer describes, as they
   *     are after the command; they must be published before the answers are given
   */
  record Result(List<Hold.Answer> answers, Map<String, ProductRow> visible) {
    static final Result EMPTY = new Result(List.of(), Map.of());

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

  /** One byte for the kind of command, then CBOR. */
  default byte[] encode() {
    return CborWriter.bytes(tag(this), this);
  }

  /**
   * Reads what {@link #encode} wrote.
   *
   * @throws IllegalArgumentException for a command of a newer version; the replica must then stop
   */
  static CatalogCommand decode(byte[] bytes) {
    CborDecoder<? extends CatalogCommand> reading =
        switch (bytes[0]) {
          case 1 -> Import::read;
          case 2 -> Change::readWithoutOrders;
          case 3 -> Restock::read;
          case 4 -> Prune::read;
          case 5 -> Fence::read;
          case 6 -> Change::read;
          default -> throw new IllegalArgumentException("unknown catalog command " + bytes[0]);
        };
    try {
      return CborReader.read(bytes, 1, reading);
    } catch (IOException e) {
      throw new UncheckedIOException("a catalog command in the log cannot be decoded", e);
    }
  }
}
