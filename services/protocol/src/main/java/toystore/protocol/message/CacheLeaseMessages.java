package toystore.protocol.message;

import java.io.IOException;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import toystore.protocol.codec.CborReader;
import toystore.protocol.codec.CborValue;
import toystore.protocol.codec.CborWriter;

/**
 * The messages of the cache protocol between front ends and the catalog (services/cache/DESIGN.md).
 */
public final class CacheLeaseMessages {
  private CacheLeaseMessages() {}

  /**
   * From a front end to the catalog: renews a lease, or begins a session.
   *
   * @param session the id of the session. The front end chooses a new one whenever it drops its
   *     cache
   * @param url the address to which the catalog sends invalidations
   * @param catalog the catalog process that granted the first lease of the session, or null before
   *     the first grant. Another catalog process must not continue the session, because it does not
   *     know which products changed before it started
   */
  public record Renewal(UUID session, String url, @Nullable UUID catalog) implements CborValue {
    @Override
    public void write(CborWriter out) {
      out.array(3).id(session).text(url).id(catalog);
    }

    /** Reads the encoding that {@link #write} produces. */
    public static Renewal read(CborReader in) throws IOException {
      return in.array(3, i -> new Renewal(i.id(), i.text(), i.idOrNull()));
    }
  }

  /**
   * From the catalog to a front end: grants a lease.
   *
   * @param lengthMs how long the lease is valid, in milliseconds, counted from the moment when the
   *     front end <em>sent</em> the renewal
   * @param continued whether the session continues, which means that the catalog has sent every
   *     invalidation since the session began. If not, the session has ended. The front end drops
   *     its cache and begins a new session
   * @param catalog the id of the catalog process, which chooses a new one whenever it starts
   */
  public record Grant(long lengthMs, boolean continued, UUID catalog) implements CborValue {
    @Override
    public void write(CborWriter out) {
      out.array(3).number(lengthMs).flag(continued).id(catalog);
    }

    /** Reads the encoding that {@link #write} produces. */
    public static Grant read(CborReader in) throws IOException {
      return in.array(3, i -> new Grant(i.number(), i.flag(), i.id()));
    }
  }

  /** From the catalog to a front end: the front end must remove these products from its cache. */
  public record Invalidation(UUID session, List<String> names) implements CborValue {
    public Invalidation {
      names = List.copyOf(names);
    }

    @Override
    public void write(CborWriter out) {
      out.array(2).id(session).array(names.size());
      names.forEach(out::text);
    }

    /** Reads the encoding that {@link #write} produces. */
    public static Invalidation read(CborReader in) throws IOException {
      return in.array(2, i -> new Invalidation(i.id(), i.list(CborReader::text)));
    }
  }

  /** From a front end to the catalog: the products are removed. */
  public record InvalidationAck() implements CborValue {
    @Override
    public void write(CborWriter out) {
      out.array(0);
    }
  }
}
