package toystore.api;

import com.fasterxml.jackson.annotation.JsonFormat;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What a front end and the catalog say to each other about cached products
 * (services/cache/DESIGN.md).
 */
public final class CacheLease {
  private CacheLease() {}

  /**
   * Front end to catalog: renew my lease, or begin a session.
   *
   * @param session chosen by the front end, anew whenever it drops its cache
   * @param url where the catalog sends invalidations
   * @param catalog the catalog that granted the session its first lease, or null while it has had
   *     none. Another catalog must not go on with it: the cache may hold what was changed meanwhile
   */
  public record Renewal(UUID session, String url, @Nullable UUID catalog) {}

  /**
   * Catalog to front end: the lease lasts so long from the moment the renewal was <em>sent</em>.
   *
   * @param continued the session lives: the catalog has told it of every change since it began.
   *     Otherwise it is over for good; the front end drops its cache and begins another
   * @param catalog chosen by the catalog, anew whenever it starts
   */
  public record Grant(long lengthMs, boolean continued, UUID catalog) {}

  /** Catalog to front end: forget these products. The answer 200 acknowledges it. */
  @JsonFormat(shape = JsonFormat.Shape.ARRAY)
  public record Invalidation(UUID session, List<String> names) {
    public Invalidation {
      names = List.copyOf(names);
    }
  }
}
