package toystore.toyctl.cli.context;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import toystore.client.ApiHttpClient;
import toystore.client.StoreClient;
import toystore.config.ConfigException;
import toystore.config.Role;
import toystore.config.StoreConfig;
import toystore.config.Topology.Node;
import toystore.protocol.api.Product;
import toystore.toyctl.cluster.ErrorText;
import toystore.toyctl.cluster.ExitCode;
import toystore.toyctl.cluster.ThrowingStoreClient;
import toystore.toyctl.cluster.ToyctlException;
import toystore.toyctl.cluster.datadir.ClusterFile;
import toystore.toyctl.cluster.datadir.RunFiles;
import toystore.toyctl.cluster.nodes.NodeClient;
import toystore.toyctl.cluster.nodes.ProbeResult;
import toystore.toyctl.cluster.process.Cluster;
import toystore.toyctl.cluster.process.Distribution;
import toystore.toyctl.cluster.process.NodeLauncher;
import toystore.toyctl.cluster.process.NodePorts;

/** What a command works with: the global options, the settings, the store and the output. */
public final class CommandContext {
  private static final Duration PROBE_TIMEOUT = Duration.ofSeconds(1);

  private final GlobalOptions options;
  private final CommandOutput output;
  private final Supplier<Distribution> distribution;

  public CommandContext(
      GlobalOptions options,
      PrintWriter out,
      PrintWriter err,
      Supplier<Distribution> distribution) {
    this.options = options;
    this.output = new CommandOutput(options, out, err);
    this.distribution = distribution;
  }

  public CommandOutput output() {
    return output;
  }

  public Path dataDirectory() {
    return options.data;
  }

  public Duration timeout() {
    return options.timeout;
  }

  /** The user's settings file, or null if only the shipped settings are used. */
  public @Nullable Path configFile() {
    return options.config;
  }

  public Distribution distribution() {
    return distribution.get();
  }

  /**
   * The settings for sending requests to the store. The port base and the number of nodes are taken
   * from the data directory if the store was started from it.
   */
  public StoreConfig config() {
    return withRecordedSize(StoreConfig.load(options.config));
  }

  private StoreConfig withRecordedSize(StoreConfig given) {
    ClusterFile recorded = ClusterFile.read(options.data);
    StoreConfig adopted =
        recorded == null || !recorded.cluster().equals(given.cluster())
            ? given
            : recorded.adopt(given.withPortBase(recorded.portBase()));
    return options.portBase == null ? adopted : adopted.withPortBase(options.portBase);
  }

  /** The settings for managing processes. Fails if the data directory has another owner. */
  public StoreConfig ownConfig() {
    return ownConfig(StoreConfig.load(options.config));
  }

  private StoreConfig ownConfig(StoreConfig given) {
    StoreConfig config = withRecordedSize(given);
    ClusterFile.check(options.data, config);
    return config;
  }

  /**
   * The settings for starting nodes. Fails also if the number of catalog nodes in the settings
   * differs from that in the data directory, because the nodes themselves read only the settings.
   */
  public StoreConfig startConfig() {
    StoreConfig given = StoreConfig.load(options.config);
    StoreConfig config = ownConfig(given);
    ClusterFile.checkCatalog(options.data, given);
    return config;
  }

  public Cluster cluster(StoreConfig config, ApiHttpClient http) {
    return new Cluster(
        config,
        options.data,
        () -> new NodeLauncher(distribution(), config, options.config, options.data),
        new NodeClient(http, config));
  }

  /** A client that uses the first front end that answers, and the others if that one fails. */
  public ThrowingStoreClient store(StoreConfig config, ApiHttpClient http)
      throws InterruptedException {
    List<Node> all = frontEnds(config);
    return new ThrowingStoreClient(
        new StoreClient(http, frontEndUrls(config), firstToAnswer(config, all, http)));
  }

  private static int firstToAnswer(StoreConfig config, List<Node> frontEnds, ApiHttpClient http)
      throws InterruptedException {
    NodeClient client = new NodeClient(http, config);
    for (int i = 0; i < frontEnds.size() && frontEnds.size() > 1; i++) {
      if (client.probe(frontEnds.get(i), PROBE_TIMEOUT) instanceof ProbeResult.Answered) {
        return i;
      }
    }
    return 0;
  }

  /** The front ends, lowest id first. */
  private static List<Node> frontEnds(StoreConfig config) {
    return config.nodes(Role.FRONTEND).reversed();
  }

  /** The addresses of the front ends, lowest id first. */
  public static List<String> frontEndUrls(StoreConfig config) {
    return frontEnds(config).stream().map(config::url).toList();
  }

  /** Whether the process of any front end is alive, so that it may still become ready. */
  public boolean isFrontEndRunning(StoreConfig config) {
    RunFiles runs = new RunFiles(options.data);
    return frontEnds(config).stream().anyMatch(node -> runs.process(node.name()).isPresent());
  }

  /** The names of all products that the running store sells. */
  public List<String> productNames(StoreConfig config) throws InterruptedException {
    try (ApiHttpClient http = new ApiHttpClient()) {
      return store(config, http).products(options.timeout).stream().map(Product::name).toList();
    }
  }

  /** The nodes with these names, without duplicates. Fails if one belongs to another host. */
  public List<Node> localNodes(StoreConfig config, List<String> names) {
    List<Node> nodes = new ArrayList<>();
    for (String name : new LinkedHashSet<>(names)) {
      Node node = node(config, name);
      if (!NodePorts.isLocal(node)) {
        throw new ToyctlException(
            ExitCode.USAGE,
            node.name(),
            "it belongs to the host " + node.host(),
            "toyctl start " + node.name() + "   (on that host)");
      }
      nodes.add(node);
    }
    return nodes;
  }

  private static Node node(StoreConfig config, String name) {
    try {
      return config.node(name);
    } catch (ConfigException e) {
      throw new ToyctlException(ExitCode.USAGE, "node", ErrorText.reason(e), "toyctl status", e);
    }
  }
}
