package toystore.protocol.message;

import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import toystore.protocol.api.Price;
import toystore.protocol.api.Product;
import toystore.protocol.codec.CborReader;
import toystore.protocol.codec.CborValue;
import toystore.protocol.codec.CborWriter;

/** One call of a front end for products that are not in its cache. */
public record ProductReadRequest(List<String> names) implements CborValue {
  public ProductReadRequest {
    names = List.copyOf(names);
  }

  @Override
  public void write(CborWriter out) {
    out.array(names.size());
    names.forEach(out::text);
  }

  /** Reads the encoding that {@link #write} produces. */
  public static ProductReadRequest read(CborReader in) throws IOException {
    return new ProductReadRequest(in.list(CborReader::text));
  }

  /** One answer for each name, in the same order. */
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

  /**
   * The published state of one product.
   *
   * @param product null if there is no product with this name
   * @param cacheable false while the catalog invalidates the product in the caches. The front end
   *     must not cache this answer, because it may have processed the invalidation already
   */
  public record Answer(Product.@Nullable Versioned product, boolean cacheable)
      implements CborValue {
    @Override
    public void write(CborWriter out) {
      if (product == null) {
        out.array(2).number(0).array(1).flag(cacheable);
      } else {
        Product shown = product.product();
        out.array(2).number(1).array(5).flag(cacheable);
        out.text(shown.name()).number(shown.price().cents()).number(shown.quantity());
        out.number(product.version());
      }
    }

    /** Reads the encoding that {@link #write} produces. */
    static Answer read(CborReader in) throws IOException {
      return in.array(
          2,
          i ->
              switch (i.intNumber()) {
                case 0 -> i.array(1, f -> new Answer(null, f.flag()));
                case 1 -> i.array(5, Answer::readProduct);
                default -> throw i.failure("the answer to a product read");
              });
    }

    private static Answer readProduct(CborReader in) throws IOException {
      boolean cacheable = in.flag();
      Product shown = new Product(in.text(), price(in), in.number());
      return new Answer(new Product.Versioned(shown, in.number()), cacheable);
    }

    private static Price price(CborReader in) throws IOException {
      try {
        return new Price(in.number());
      } catch (IllegalArgumentException e) {
        throw (IOException) in.failure("a price").initCause(e);
      }
    }
  }
}
