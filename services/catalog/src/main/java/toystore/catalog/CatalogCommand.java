package toystore.catalog;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import toystore.config.ProductCsv;
import toystore.protocol.codec.Cbor;
import toystore.protocol.codec.Cbor.Compact;
import toystore.protocol.codec.Cbor.In;
import toystore.protocol.codec.Cbor.Out;
import toystore.protocol.message.Hold;

/** What the catalog's log is made of. Times and prices are put in by the leader. */
sealed interface CatalogCommand extends Compact {
  /** The leader's time when it proposed this, in milliseconds since 1970. */
  long timeMs();

  /** The products of a first start; nothing where there are products. */
  record Import(long timeMs, List<Line> lines) implements CatalogCommand {
    public Import {
      lines = List.copyOf(lines);
    }

    @Override
    public void write(Out out) {
      out.array(2).number(timeMs).list(lines);
    }

    private static Import read(In in) throws IOException {
      return in.array(2, i -> new Import(i.number(), i.list(Line::read)));
    }
  }

  /** One product of an import. */
  record Line(String name, long priceCents, long quantity) implements Compact {
    @Override
    public void write(Out out) {
      out.array(3).text(name).number(priceCents).number(quantity);
    }

    private static Line read(In in) throws IOException {
      return in.array(3, i -> new Line(i.text(), i.number(), i.number()));
    }

    static Line of(ProductCsv.Item item) {
      return new Line(item.name(), item.price().cents(), item.quantity());
    }
  }

  /** New holds, and what became of earlier ones. */
  record Change(long timeMs, List<Hold> holds, Hold.Outcomes outcomes) implements CatalogCommand {
    public Change {
      holds = List.copyOf(holds);
    }

    @Override
    public void write(Out out) {
      outcomes.write(out.array(3).number(timeMs).list(holds));
    }

    private static Change read(In in) throws IOException {
      return in.array(3, i -> new Change(i.number(), i.list(Hold::read), Hold.Outcomes.read(i)));
    }

    /** As older versions wrote it: without the orders that holds were made for. */
    private static Change readWithoutOrders(In in) throws IOException {
      return in.array(
          3,
          i ->
              new Change(
                  i.number(),
                  i.list(
                      hold ->
                          hold.array(3, h -> new Hold(h.id(), h.text(), h.smallNumber(), null))),
                  Hold.Outcomes.read(i)));
    }
  }

  /** Fills what is out of stock to so many. */
  record Restock(long timeMs, long wanted) implements CatalogCommand {
    @Override
    public void write(Out out) {
      out.array(2).number(timeMs).number(wanted);
    }

    private static Restock read(In in) throws IOException {
      return in.array(2, i -> new Restock(i.number(), i.number()));
    }
  }

  /** Forgets ended holds that were asked for before a time; from now on such a hold is over. */
  record Prune(long timeMs, long beforeMs) implements CatalogCommand {
    @Override
    public void write(Out out) {
      out.array(2).number(timeMs).number(beforeMs);
    }

    private static Prune read(In in) throws IOException {
      return in.array(2, i -> new Prune(i.number(), i.number()));
    }
  }

  /** Has every replica keep what it holds at this index, so that they can be compared. */
  record Fence(long timeMs) implements CatalogCommand {
    @Override
    public void write(Out out) {
      out.array(1).number(timeMs);
    }

    private static Fence read(In in) throws IOException {
      return in.array(1, i -> new Fence(i.number()));
    }
  }

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
    return Cbor.bytes(tag(this), this);
  }

  /**
   * Reads what {@link #encode} wrote.
   *
   * @throws IllegalArgumentException for a command of a newer version: this replica must not go on
   */
  static CatalogCommand decode(byte[] bytes) {
    Cbor.Reading<? extends CatalogCommand> reading =
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
      return Cbor.read(bytes, 1, reading);
    } catch (IOException e) {
      throw new UncheckedIOException("a catalog command in the log is unreadable", e);
    }
  }
}
