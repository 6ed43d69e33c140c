package toystore.protocol.api;

/** Paths and headers that more than one process must spell alike. */
public final class ApiPaths {
  public static final String PRODUCTS = "/products";
  public static final String ORDERS = "/orders";
  public static final String STATUS = "/status";

  /** Order leader: a batch of purchases. */
  public static final String PURCHASES = "/purchases";

  /** Order leader: decides doubtful holds. */
  public static final String RESOLUTIONS = "/resolutions";

  /** Leader of orders or of the catalog: an index at which all replicas can be compared. */
  public static final String FENCE = "/fence";

  /** Leader of a group: commits an entry for a member that has to learn what it forgot. */
  public static final String REJOIN = "/rejoin";

  /** Order replica: whole rows. */
  public static final String LOG = "/log";

  /** Catalog leader: holds and what became of earlier ones; all stock; several products at once. */
  public static final String HOLDS = "/holds";

  public static final String STOCK = "/stock";
  public static final String PRODUCT_READS = "/product-reads";

  /** Catalog replica: what it held at a fence. */
  public static final String FENCED_STOCK = "/fenced-stock";

  /** Catalog leader: renews a front end's lease. Front end: forgets products. */
  public static final String LEASE = "/lease";

  public static final String INVALIDATION = "/invalidation";

  /** Observe port of every node. */
  public static final String METRICS = "/metrics";

  public static final String HEALTH = "/health";

  public static final String IDEMPOTENCY_KEY = "Idempotency-Key";
  public static final String REPLAYED = "Idempotent-Replayed";
  public static final String PRODUCT_VERSION = "Product-Version";

  /** With 421 Misdirected Request: the node that leads, as far as the answering one knows. */
  public static final String LEADER = "Toystore-Leader";

  private ApiPaths() {}
}
