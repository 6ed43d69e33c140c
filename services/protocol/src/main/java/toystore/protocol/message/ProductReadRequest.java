package toystore.protocol.message;

import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import toystore.protocol.api.Price;
import toystore.protocol.api.Product;
import toystore.protocol.codec.Cbor.Compact;
import toystore.protocol.codec.Cbor.In;
import toystore.protocol.codec.Cbor.Out;

/** Products that a front end does not have in its cache, asked for as one call. */
public record ProductReadRequest(List<String> names) implements Compact {
  public ProductReadRequest {
    names = List.copyOf(names);
  }

  @Override
  public void write(Out out) {
    out.array(names.size());
    names.forEach(out::text);
  }

  /** Reads what {@link #write} wrote. */
  public static ProductReadRequest read(In in) throws IOException {
    return new ProductReadRequest(in.list(In::text));
  }

  /** The answers, in order. */
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

  /**
   * One product as published, or null if there is none of that name.
   *
   * @param cacheable false while caches are being told of a change of it: what is shown until then
   *     may not be kept, since the cache that asks may have forgotten it already
   */
  public record Answer(Product.@Nullable Versioned product, boolean cacheable) implements Compact {
    @Override
    public void write(Out out) {
      if (product == null) {
        out.array(2).number(0).array(1).flag(cacheable);
      } else {
        Product shown = product.product();
        out.array(2).number(1).array(5).flag(cacheable);
        out.text(shown.name()).number(shown.price().cents()).number(shown.quantity());
        out.number(product.version());
      }
    }

    /** Reads what {@link #write} wrote. */
    static Answer read(In in) throws IOException {
      return in.array(
          2,
          i ->
              switch (i.smallNumber()) {
                case 0 -> i.array(1, f -> new Answer(null, f.flag()));
                case 1 -> i.array(5, Answer::some);
                default -> throw i.failure("an answer to a read");
              });
    }

    private static Answer some(In in) throws IOException {
      boolean cacheable = in.flag();
      Product shown = new Product(in.text(), price(in), in.number());
      return new Answer(new Product.Versioned(shown, in.number()), cacheable);
    }

    private static Price price(In in) throws IOException {
      try {
        return new Price(in.number());
      } catch (IllegalArgumentException e) {
        throw (IOException) in.failure("a price").initCause(e);
      }
    }
  }
}
