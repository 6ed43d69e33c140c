package toystore.api;

import java.util.List;
import java.util.UUID;

/** What a front end and the catalog say to each other about cached products (design, section 5). */
public final class CacheLease {
  private CacheLease() {}

  /**
   * Front end to catalog: renew my lease, or begin a session.
   *
   * @param session chosen by the front end, anew whenever it drops its cache
   * @param url where the catalog sends invalidations
   */
  public record Renewal(UUID session, String url) {}

  /**
   * Catalog to front end: the lease lasts so long from the moment the renewal was <em>sent</em>.
   *
   * @param continued the catalog knew this session, and has told it of every change since it began;
   *     otherwise the front end must drop its cache before it uses this lease
   */
  public record Grant(long lengthMs, boolean continued) {}

  /** Catalog to front end: forget these products. The answer 200 acknowledges it. */
  public record Invalidation(UUID session, List<String> names) {
    public Invalidation {
      names = List.copyOf(names);
    }
  }
}
