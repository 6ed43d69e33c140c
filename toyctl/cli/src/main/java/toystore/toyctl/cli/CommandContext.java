package toystore.toyctl.cli;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import toystore.config.ConfigException;
import toystore.config.Role;
import toystore.config.StoreConfig;
import toystore.config.StoreConfig.Node;
import toystore.protocol.codec.Json;
import toystore.toyctl.cluster.ExitCode;
import toystore.toyctl.cluster.HttpApi;
import toystore.toyctl.cluster.StoreClient;
import toystore.toyctl.cluster.ToyctlException;
import toystore.toyctl.cluster.Wordings;
import toystore.toyctl.cluster.process.Cluster;
import toystore.toyctl.cluster.process.ClusterFile;
import toystore.toyctl.cluster.process.Distribution;
import toystore.toyctl.cluster.process.NodeLauncher;
import toystore.toyctl.cluster.process.NodePorts;
import toystore.toyctl.cluster.process.RunFiles;
import toystore.toyctl.cluster.status.NodeClient;
import toystore.toyctl.cluster.status.ProbeResult;

/** What commands work with: options, settings, the nodes, and the two streams. */
public final class CommandContext {
  private static final Duration PROBE = Duration.ofSeconds(1);

  private final GlobalOptions options;
  private final PrintWriter out;
  private final PrintWriter err;
  private final Supplier<Distribution> distribution;

  CommandContext(
      GlobalOptions options,
      PrintWriter out,
      PrintWriter err,
      Supplier<Distribution> distribution) {
    this.options = options;
    this.out = out;
    this.err = err;
    this.distribution = distribution;
  }

  public Path data() {
    return options.data;
  }

  Duration timeout() {
    return options.timeout;
  }

  boolean json() {
    return options.output == OutputFormat.JSON;
  }

  boolean quiet() {
    return options.quiet;
  }

  PrintWriter err() {
    return err;
  }

  Distribution distribution() {
    return distribution.get();
  }

  /**
   * The settings for talking to the store; its port base, and how many nodes it has, are known
   * where it was started.
   */
  StoreConfig config() {
    return config(StoreConfig.load(options.config));
  }

  private StoreConfig config(StoreConfig given) {
    ClusterFile recorded = ClusterFile.read(options.data);
    StoreConfig adopted =
        recorded == null || !recorded.cluster().equals(given.cluster())
            ? given
            : recorded.adopt(given.withPortBase(recorded.portBase()));
    return options.portBase == null ? adopted : adopted.withPortBase(options.portBase);
  }

  /** The settings for handling processes: the data directory must be this cluster's. */
  StoreConfig ownConfig() {
    return ownConfig(StoreConfig.load(options.config));
  }

  private StoreConfig ownConfig(StoreConfig given) {
    StoreConfig config = config(given);
    ClusterFile.check(options.data, config);
    return config;
  }

  /** The settings for starting nodes: they read these, not what the data directory remembers. */
  StoreConfig startConfig() {
    StoreConfig given = StoreConfig.load(options.config);
    StoreConfig config = ownConfig(given);
    ClusterFile.checkCatalog(options.data, given);
    return config;
  }

  Cluster cluster(StoreConfig config, HttpApi http) {
    return new Cluster(
        config,
        options.data,
        () -> new NodeLauncher(distribution(), config, options.config, options.data),
        new NodeClient(http, config));
  }

  /** The store by the first front end that answers; by the others if that one fails. */
  StoreClient store(StoreConfig config, HttpApi http) throws InterruptedException {
    List<Node> all = frontEnds(config);
    return new StoreClient(
        http, all.stream().map(config::url).toList(), firstToAnswer(config, all, http));
  }

  private static int firstToAnswer(StoreConfig config, List<Node> frontEnds, HttpApi http)
      throws InterruptedException {
    NodeClient client = new NodeClient(http, config);
    for (int i = 0; i < frontEnds.size() && frontEnds.size() > 1; i++) {
      if (client.probe(frontEnds.get(i), PROBE) instanceof ProbeResult.Answered) {
        return i;
      }
    }
    return 0;
  }

  /** The front ends, lowest id first. */
  static List<Node> frontEnds(StoreConfig config) {
    return config.nodes(Role.FRONTEND).reversed();
  }

  /** Whether any front end's process lives, so that it may yet answer. */
  boolean frontEndRuns(StoreConfig config) {
    RunFiles runs = new RunFiles(options.data);
    return frontEnds(config).stream().anyMatch(node -> runs.process(node.name()).isPresent());
  }

  /** Nodes of this host by name, each once. */
  List<Node> localNodes(StoreConfig config, List<String> names) {
    return names.stream()
        .distinct()
        .map(name -> node(config, name))
        .peek(
            node -> {
              if (!NodePorts.isLocal(node)) {
                throw new ToyctlException(
                    ExitCode.USAGE,
                    node.name(),
                    "it belongs to the host " + node.host(),
                    "toyctl start " + node.name() + "   (there)");
              }
            })
        .toList();
  }

  private static Node node(StoreConfig config, String name) {
    try {
      return config.node(name);
    } catch (ConfigException e) {
      throw new ToyctlException(ExitCode.USAGE, "node", Wordings.reason(e), "toyctl status", e);
    }
  }

  /** Tells people that something was done. */
  void say(String text) {
    if (!options.quiet && !json()) {
      out.println(text);
    }
  }

  /** Tells people how far a long command is. */
  void progress(String text) {
    if (!options.quiet) {
      (json() ? err : out).println(text);
    }
  }

  /** The user's settings, or null for the shipped ones alone. */
  @Nullable Path configFile() {
    return options.config;
  }

  /** What a command is asked for: printed in any case, in the form that was asked for. */
  public void data(Object json, Supplier<String> text) {
    if (json()) {
      out.println(new String(Json.toJson(json), StandardCharsets.UTF_8));
    } else {
      out.println(text.get());
    }
  }

  /** The outcome of an action: of no interest to someone who wants no output. */
  void outcome(Object json, Supplier<String> text) {
    if (json()) {
      data(json, text);
    } else {
      say(text.get());
    }
  }

  /** Something that is wrong without ending the command. */
  public void warn(String text) {
    err.println("toyctl: " + text);
  }
}
