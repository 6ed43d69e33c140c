package toystore.protocol.message;

import java.io.IOException;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import toystore.protocol.codec.Cbor.Compact;
import toystore.protocol.codec.Cbor.In;
import toystore.protocol.codec.Cbor.Out;

/**
 * What a front end and the catalog say to each other about cached products
 * (services/cache/DESIGN.md).
 */
public final class CacheLeaseMessages {
  private CacheLeaseMessages() {}

  /**
   * Front end to catalog: renew my lease, or begin a session.
   *
   * @param session chosen by the front end, anew whenever it drops its cache
   * @param url where the catalog sends invalidations
   * @param catalog the catalog that granted the session its first lease, or null while it has had
   *     none. Another catalog must not go on with it: the cache may hold what was changed meanwhile
   */
  public record Renewal(UUID session, String url, @Nullable UUID catalog) implements Compact {
    @Override
    public void write(Out out) {
      out.array(3).id(session).text(url).id(catalog);
    }

    /** Reads what {@link #write} wrote. */
    public static Renewal read(In in) throws IOException {
      return in.array(3, i -> new Renewal(i.id(), i.text(), i.idOrNull()));
    }
  }

  /**
   * Catalog to front end: the lease lasts so long from the moment the renewal was <em>sent</em>.
   *
   * @param continued the session lives: the catalog has told it of every change since it began.
   *     Otherwise it is over for good; the front end drops its cache and begins another
   * @param catalog chosen by the catalog, anew whenever it starts
   */
  public record Grant(long lengthMs, boolean continued, UUID catalog) implements Compact {
    @Override
    public void write(Out out) {
      out.array(3).number(lengthMs).flag(continued).id(catalog);
    }

    /** Reads what {@link #write} wrote. */
    public static Grant read(In in) throws IOException {
      return in.array(3, i -> new Grant(i.number(), i.flag(), i.id()));
    }
  }

  /** Catalog to front end: forget these products. The answer {@link Heard} acknowledges it. */
  public record Invalidation(UUID session, List<String> names) implements Compact {
    public Invalidation {
      names = List.copyOf(names);
    }

    @Override
    public void write(Out out) {
      out.array(2).id(session).array(names.size());
      names.forEach(out::text);
    }

    /** Reads what {@link #write} wrote. */
    public static Invalidation read(In in) throws IOException {
      return in.array(2, i -> new Invalidation(i.id(), i.list(In::text)));
    }
  }

  /** Front end to catalog: they are forgotten. */
  public record Heard() implements Compact {
    @Override
    public void write(Out out) {
      out.array(0);
    }
  }
}
