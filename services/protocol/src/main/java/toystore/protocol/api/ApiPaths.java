package toystore.protocol.api;

/** Paths and headers that several processes use. */
public final class ApiPaths {
  public static final String PRODUCTS = "/products";
  public static final String ORDERS = "/orders";
  public static final String STATUS = "/status";

  /** Order leader: places a batch of purchases. */
  public static final String PURCHASES = "/purchases";

  /** Order leader: decides the outcome of holds that are in doubt. */
  public static final String RESOLUTIONS = "/resolutions";

  /** Leader of a group: commits an entry at whose index all replicas can be compared. */
  public static final String FENCE = "/fence";

  /** Leader of a group: commits an entry for a member that lost its data and rejoins. */
  public static final String REJOIN = "/rejoin";

  /** Order replica: returns rows of the order log. */
  public static final String LOG = "/log";

  /** Catalog leader: reserves stock, and receives the outcomes of earlier holds. */
  public static final String HOLDS = "/holds";

  /** Catalog leader: returns the stock of all products. */
  public static final String STOCK = "/stock";

  /** Catalog leader: reads several products. */
  public static final String PRODUCT_READS = "/product-reads";

  /** Catalog replica: returns the stock that it recorded at a fence. */
  public static final String FENCED_STOCK = "/fenced-stock";

  /** Catalog leader: renews the lease of a front end. */
  public static final String LEASE = "/lease";

  /** Front end: removes products from its cache. */
  public static final String INVALIDATION = "/invalidation";

  /** Observe port of every node: metrics for Prometheus. */
  public static final String METRICS = "/metrics";

  /** Observe port of every node: the health check. */
  public static final String HEALTH = "/health";

  public static final String IDEMPOTENCY_KEY = "Idempotency-Key";
  public static final String REPLAYED = "Idempotent-Replayed";
  public static final String PRODUCT_VERSION = "Product-Version";

  /** Header of a 421 Misdirected Request response: the leader, if the responding node knows it. */
  public static final String LEADER = "Toystore-Leader";

  private ApiPaths() {}
}
