package toystore.config;

import static toystore.config.ConfigException.require;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/**
 * The settings of the store. {@code config/toystore.yaml} explains each key.
 *
 * <p>There are four sources. A later one overrides an earlier one: the shipped file, the file given
 * with {@code --config}, environment variables ({@code TOYSTORE_CACHE_SIZE}), and system properties
 * ({@code toystore.cache.size}).
 *
 * @param frontends the number of front ends that was asked for; the topology may list more
 */
public record StoreConfig(
    String cluster,
    Topology topology,
    int frontends,
    HttpSettings http,
    BatchSettings batch,
    CacheSettings cache,
    CatalogSettings catalog,
    StorageSettings storage,
    RaftSettings raft,
    JvmSettings jvm) {

  /** The prefix of system properties that override a key. */
  public static final String PROPERTY_PREFIX = "toystore.";

  /** The prefix of environment variables that override a key. */
  public static final String ENVIRONMENT_PREFIX = "TOYSTORE_";

  public StoreConfig {
    require(
        cluster.matches("[A-Za-z0-9][A-Za-z0-9._-]{0,62}"),
        "cluster: '" + cluster + "' is not a valid name");
  }

  public int portBase() {
    return topology.portBase();
  }

  public List<Topology.Node> nodes() {
    return topology.nodes();
  }

  /** The nodes of a role, highest id first. */
  public List<Topology.Node> nodes(Role role) {
    return topology.nodes(role);
  }

  /**
   * Finds a node by name.
   *
   * @throws ConfigException if there is no node with this name
   */
  public Topology.Node node(String name) {
    return topology.node(name);
  }

  public int httpPort(Topology.Node node) {
    return topology.httpPort(node);
  }

  public int raftPort(Topology.Node node) {
    return topology.raftPort(node);
  }

  public int observePort(Topology.Node node) {
    return topology.observePort(node);
  }

  public String url(Topology.Node node) {
    return topology.url(node);
  }

  public String observeUrl(Topology.Node node) {
    return topology.observeUrl(node);
  }

  /** Returns the same store on other ports. */
  public StoreConfig withPortBase(int portBase) {
    return with(new Topology(portBase, nodes()), frontends, catalog);
  }

  /** Returns the same store with at least this number of front ends. */
  public StoreConfig withFrontends(int count) {
    return with(completed(catalog, count), count, catalog);
  }

  /** Returns the same store with at least this number of catalog replicas. */
  public StoreConfig withCatalogReplicas(int count) {
    CatalogSettings changed = catalog.withReplicas(count);
    return with(completed(changed, frontends), frontends, changed);
  }

  private Topology completed(CatalogSettings catalog, int frontends) {
    return new Topology(portBase(), Topology.complete(nodes(), catalog.replicas(), frontends));
  }

  private StoreConfig with(Topology topology, int frontends, CatalogSettings catalog) {
    return new StoreConfig(
        cluster, topology, frontends, http, batch, cache, catalog, storage, raft, jvm);
  }

  /**
   * Reads the settings of this process.
   *
   * @param file the user's file, or null to use only the shipped file
   * @throws ConfigException if a setting is invalid; the message names its key
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
}
