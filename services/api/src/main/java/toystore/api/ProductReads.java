package toystore.api;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Products that a front end does not have in its cache, asked for as one call. */
public record ProductReads(List<String> names) {
  public ProductReads {
    names = List.copyOf(names);
  }

  /** The answers, in order. */
  public record Answers(List<Answer> answers) {
    public Answers {
      answers = List.copyOf(answers);
    }
  }

  /**
   * One product as published, or null if there is none of that name.
   *
   * @param cacheable false while caches are being told of a change of it: what is shown until then
   *     may not be kept, since the cache that asks may have forgotten it already
   */
  public record Answer(Product.@Nullable Versioned product, boolean cacheable) {}
}
