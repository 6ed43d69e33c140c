package toystore.config;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The settings of the store, as {@code config/toystore.yaml} explains them key by key. Values come
 * from the shipped file, then the file given with {@code --config}, then environment variables
 * ({@code TOYSTORE_CACHE_SIZE}), then system properties ({@code toystore.cache.size}).
 */
public record StoreConfig(
    String cluster,
    int portBase,
    List<Node> nodes,
    int frontends,
    Http http,
    Batch batch,
    Cache cache,
    Catalog catalog,
    Storage storage,
    Raft raft,
    Jvm jvm) {

  /** Prefix of system properties that override a key. */
  public static final String PROPERTY_PREFIX = "toystore.";

  /** Prefix of environment variables that override a key. */
  public static final String ENVIRONMENT_PREFIX = "TOYSTORE_";

  private static final int RAFT_OFFSET = 100;
  private static final int OBSERVE_OFFSET = 200;
  private static final int MAX_FRONTENDS = 16;

  /** Port offsets of the nodes that counts add: catalog-2 at 7, frontend-2 at 12, and so on. */
  private static final Map<Role, Integer> ADDED_OFFSETS =
      Map.of(Role.CATALOG, 5, Role.FRONTEND, 10);

  /** One process of the store. */
  public record Node(String name, Role role, int id, String host, int portOffset) {
    public Node {
      require(name.matches("[a-z][a-z0-9-]{0,30}"), "nodes: not a node name: '" + name + "'");
      require(id > 0, "nodes: id of " + name + " must be positive");
      require(portOffset >= 0 && portOffset < 100, "nodes: port-offset of " + name + " not 0..99");
    }
  }

  /** Limits of what a node accepts. */
  public record Http(Duration requestDeadline, int maxBodyBytes) {
    public Http {
      require(requestDeadline.toMillis() >= 100, "http.request-deadline must be at least 100ms");
      require(maxBodyBytes >= 1024, "http.max-body-bytes must be at least 1024");
    }
  }

  /** Sizes of batches. */
  public record Batch(int maxSize, int maxQueued) {
    /** So many of the longest requests, of 300 bytes, still fit into one message. */
    static final int MOST = 2_000;

    public Batch {
      require(maxSize > 0 && maxQueued >= maxSize, "batch: 0 < max-size <= max-queued");
      require(maxSize <= MOST, "batch.max-size must be at most " + MOST);
    }
  }

  /** The product cache of a front end and its lease. */
  public record Cache(
      boolean enabled, int size, Duration lease, Duration driftAllowance, boolean serveStale) {
    public Cache {
      require(size > 0, "cache.size must be positive");
      require(lease.toMillis() >= 100, "cache.lease must be at least 100ms");
      require(
          !driftAllowance.isNegative() && driftAllowance.compareTo(lease) < 0,
          "cache.drift-allowance must be shorter than cache.lease");
      require(enabled || !serveStale, "cache.serve-stale needs cache.enabled");
    }
  }

  /** How many nodes keep the catalog, restock, and the life of holds. */
  public record Catalog(
      int replicas,
      Duration restockInterval,
      int restockTo,
      Duration doubtAfter,
      Duration retention) {
    public Catalog {
      require(
          replicas == 1 || replicas == 3,
          "catalog.replicas must be 1 or 3: three survive the death of one, while two would need"
              + " both of them");
      require(restockInterval.toMillis() >= 100, "catalog.restock-interval: at least 100ms");
      require(restockTo > 0, "catalog.restock-to must be positive");
      require(doubtAfter.toMillis() >= 100, "catalog.doubt-after must be at least 100ms");
      require(
          retention.compareTo(doubtAfter.multipliedBy(10)) >= 0,
          "catalog.retention must be at least ten times catalog.doubt-after");
    }
  }

  /** How H2 follows the Raft log. */
  public record Storage(
      Duration flushInterval,
      int flushRows,
      int maxPendingRows,
      int cacheKb,
      int readConnections,
      int scrubRowsPerSecond) {
    public Storage {
      require(flushInterval.toMillis() >= 1, "storage.flush-interval must be at least 1ms");
      require(
          flushRows > 0 && maxPendingRows >= flushRows,
          "storage: 0 < flush-rows <= max-pending-rows");
      require(cacheKb >= 0 && readConnections > 0, "storage.read-connections must be positive");
      require(
          scrubRowsPerSecond >= 0 && scrubRowsPerSecond <= 100_000,
          "storage.scrub-rows-per-second must be from 0 to 100000");
    }
  }

  /** Elections and the size of the log. */
  public record Raft(
      Duration electionTimeoutMin,
      Duration electionTimeoutMax,
      Duration firstElectionStep,
      Duration caughtUpFor,
      Duration stepDownAfter,
      int segmentBytes,
      int snapshotEntries,
      int preserveEntries) {
    public Raft {
      require(
          electionTimeoutMin.toMillis() >= 50
              && electionTimeoutMin.compareTo(electionTimeoutMax) < 0,
          "raft: 50ms <= election-timeout-min < election-timeout-max");
      require(stepDownAfter.toMillis() > 0, "raft.step-down-after must never be 0");
      require(segmentBytes >= 1 << 20, "raft.segment-bytes must be at least 1048576");
      require(
          snapshotEntries > 0 && preserveEntries >= 0, "raft.snapshot-entries must be positive");
    }
  }

  /** Options of the virtual machines that toyctl starts. */
  public record Jvm(String catalog, String order, String frontend, String common, String linux) {}

  public StoreConfig {
    require(cluster.matches("[A-Za-z0-9][A-Za-z0-9._-]{0,62}"), "cluster: not a name: " + cluster);
    require(portBase >= 1 && portBase <= 65_000, "port-base must be from 1 to 65000");
    require(
        frontends >= 1 && frontends <= MAX_FRONTENDS,
        "frontends must be from 1 to " + MAX_FRONTENDS);
    nodes = complete(complete(nodes, Role.CATALOG, catalog.replicas()), Role.FRONTEND, frontends);
    Set<Object> seen = new HashSet<>();
    for (Node node : nodes) {
      require(seen.add(node.name()), "nodes: " + node.name() + " is there twice");
      require(
          seen.add(node.host() + ":" + node.portOffset()),
          "nodes: port-offset "
              + node.portOffset()
              + " is taken twice on "
              + node.host()
              + ", the second time by "
              + node.name());
      require(
          seen.add(node.role() + "/" + node.id()),
          "nodes: id " + node.id() + " is taken twice among the " + node.role() + " nodes");
    }
    for (Role role : Role.values()) {
      require(
          nodes.stream().anyMatch(n -> n.role() == role),
          "nodes: there is no " + role.name().toLowerCase(Locale.ROOT) + " node");
    }
  }

  /**
   * The nodes with those that a count asks for and nobody listed, on the host of the first one of
   * their role. Of ids and names those that are free from 2 on are taken.
   */
  private static List<Node> complete(List<Node> listed, Role role, int count) {
    List<Node> nodes = new ArrayList<>(listed);
    List<Node> known = new ArrayList<>(listed.stream().filter(n -> n.role() == role).toList());
    for (int id = 2; !known.isEmpty() && known.size() < count; id++) {
      Node added =
          new Node(
              role.name().toLowerCase(Locale.ROOT) + "-" + id,
              role,
              id,
              known.getFirst().host(),
              ADDED_OFFSETS.getOrDefault(role, 0) + id);
      boolean taken =
          nodes.stream()
              .anyMatch(
                  n -> n.name().equals(added.name()) || (n.role() == role && n.id() == added.id()));
      if (!taken) {
        nodes.add(added);
        known.add(added);
      }
    }
    return List.copyOf(nodes);
  }

  /** The nodes of a role, highest id first. */
  public List<Node> nodes(Role role) {
    return nodes.stream()
        .filter(n -> n.role() == role)
        .sorted((one, other) -> Integer.compare(other.id(), one.id()))
        .toList();
  }

  /**
   * The node of that name.
   *
   * @throws ConfigException if there is none
   */
  public Node node(String name) {
    return nodes.stream()
        .filter(n -> n.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new ConfigException(
                    "there is no node '"
                        + name
                        + "'; the nodes are "
                        + String.join(", ", nodes.stream().map(Node::name).toList())));
  }

  /** The same store on other ports. */
  public StoreConfig withPortBase(int other) {
    return new StoreConfig(
        cluster, other, nodes, frontends, http, batch, cache, catalog, storage, raft, jvm);
  }

  /** The same store with at least so many front ends. */
  public StoreConfig withFrontends(int count) {
    return new StoreConfig(
        cluster, portBase, nodes, count, http, batch, cache, catalog, storage, raft, jvm);
  }

  /** The same store with at least so many catalog nodes. */
  public StoreConfig withCatalogReplicas(int count) {
    Catalog other =
        new Catalog(
            count,
            catalog.restockInterval(),
            catalog.restockTo(),
            catalog.doubtAfter(),
            catalog.retention());
    return new StoreConfig(
        cluster, portBase, nodes, frontends, http, batch, cache, other, storage, raft, jvm);
  }

  public int httpPort(Node node) {
    return portBase + node.portOffset();
  }

  public int raftPort(Node node) {
    return httpPort(node) + RAFT_OFFSET;
  }

  public int observePort(Node node) {
    return httpPort(node) + OBSERVE_OFFSET;
  }

  public String url(Node node) {
    return "http://" + node.host() + ":" + httpPort(node);
  }

  public String observeUrl(Node node) {
    return "http://" + node.host() + ":" + observePort(node);
  }

  /**
   * Reads the settings of this process.
   *
   * @param file the user's file, or null for the shipped settings alone
   * @throws ConfigException naming the key, and what is wrong with it
   */
  public static StoreConfig load(@Nullable Path file) {
    return load(file, System.getProperties(), System.getenv());
  }

  static StoreConfig load(
      @Nullable Path file, Properties properties, Map<String, String> environment) {
    SettingsReader shipped = SettingsReader.shipped();
    return (file == null ? shipped : shipped.overriddenBy(file))
        .overriddenBy(environment)
        .overriddenBy(properties)
        .config();
  }

  private static void require(boolean holds, String message) {
    if (!holds) {
      throw new ConfigException(message);
    }
  }
}
