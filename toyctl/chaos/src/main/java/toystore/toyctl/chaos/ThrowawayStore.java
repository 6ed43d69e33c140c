package toystore.toyctl.chaos;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;
import toystore.config.Role;
import toystore.config.StoreConfig;
import toystore.config.StoreConfig.Node;
import toystore.protocol.message.NodeStatus;
import toystore.toyctl.chaos.faults.DiskFaultLibrary;
import toystore.toyctl.chaos.faults.FaultyNetwork;
import toystore.toyctl.chaos.faults.LoopDisk;
import toystore.toyctl.chaos.faults.StoreProcesses;
import toystore.toyctl.cluster.CommandDeadline;
import toystore.toyctl.cluster.ExitCode;
import toystore.toyctl.cluster.HttpApi;
import toystore.toyctl.cluster.ParallelTasks;
import toystore.toyctl.cluster.ToyctlException;
import toystore.toyctl.cluster.Wordings;
import toystore.toyctl.cluster.process.Cluster;
import toystore.toyctl.cluster.process.DataWipe;
import toystore.toyctl.cluster.process.Distribution;
import toystore.toyctl.cluster.process.ExitReason;
import toystore.toyctl.cluster.process.NodeLauncher;
import toystore.toyctl.cluster.process.NodePorts;
import toystore.toyctl.cluster.process.NodeProcess;
import toystore.toyctl.cluster.process.NodeStarter;
import toystore.toyctl.cluster.status.NodeClient;
import toystore.toyctl.cluster.status.StatusReport;

/**
 * A whole store of real processes for harm to be done to: in a directory of its own, on ports of
 * its own, with a network that can be cut and disks that fail as far as this machine has them. It
 * is gone without a trace when it is closed, or when this process is told to end.
 */
public final class ThrowawayStore implements StoreProcesses, AutoCloseable {
  private static final Duration START = Duration.ofSeconds(90);
  private static final Duration STOP = Duration.ofSeconds(20);
  private static final Duration PROBE = Duration.ofMillis(500);
  private static final Duration POLL = Duration.ofMillis(5);
  private static final Duration DUMP = Duration.ofSeconds(3);
  private static final String END_OF_DUMP = "JNI global refs";
  private static final int TAIL = 64 << 10;

  private final Plan plan;
  private final Path directory;
  private final Path data;
  private final StoreConfig config;
  private final HttpApi http = new HttpApi();
  private final NodeClient client;
  private final Cluster cluster;
  private final @Nullable FaultyNetwork network;
  private final Map<String, DiskFaultLibrary> shims = new HashMap<>();
  private final Map<String, LoopDisk> disks = new LinkedHashMap<>();
  private final AtomicBoolean closed = new AtomicBoolean();
  private volatile boolean kept;
  private final Thread atExit = Thread.ofPlatform().unstarted(this::closeUnread);

  /**
   * What kind of store.
   *
   * @param configFile the user's settings, or null
   * @param settings by dotted key, over those of the file
   * @param frontEnds how many there are
   * @param catalog the products it begins with, as a CSV text
   * @param seed of the network's weather
   * @param network all calls between nodes go through proxies
   * @param shims disks can fail on command, where the machine has a C compiler
   * @param disks nodes that keep data do so on small file systems, where the machine lets us
   * @param classesFirst directories whose classes are used instead of the distribution's
   */
  public record Plan(
      @Nullable Path configFile,
      Map<String, String> settings,
      int frontEnds,
      String catalog,
      long seed,
      boolean network,
      boolean shims,
      boolean disks,
      List<Path> classesFirst) {
    public Plan {
      settings = Map.copyOf(settings);
      classesFirst = List.copyOf(classesFirst);
      if (frontEnds < 1 || frontEnds > 9) {
        throw new IllegalArgumentException("from 1 to 9 front ends");
      }
    }

    /** One front end, more of three products than anyone can buy, and nothing in between. */
    public static Plan plain(long seed) {
      return new Plan(
          null, Map.of(), 1, plenty("Tux", "Fox", "Lego"), seed, false, false, false, List.of());
    }

    public Plan with(@Nullable Path file) {
      return new Plan(
          file, settings, frontEnds, catalog, seed, network, shims, disks, classesFirst);
    }

    public Plan withFrontEnds(int count) {
      return new Plan(
          configFile, settings, count, catalog, seed, network, shims, disks, classesFirst);
    }

    public Plan withCatalog(String csv) {
      return new Plan(
          configFile, settings, frontEnds, csv, seed, network, shims, disks, classesFirst);
    }

    public Plan with(Map<String, String> others) {
      return new Plan(
          configFile, others, frontEnds, catalog, seed, network, shims, disks, classesFirst);
    }

    /** With all that this machine can do. */
    public Plan withAllFaults() {
      return new Plan(
          configFile, settings, frontEnds, catalog, seed, true, true, true, classesFirst);
    }

    public Plan withNetwork() {
      return new Plan(
          configFile, settings, frontEnds, catalog, seed, true, shims, disks, classesFirst);
    }

    public Plan withClasses(List<Path> directories) {
      return new Plan(
          configFile, settings, frontEnds, catalog, seed, network, shims, disks, directories);
    }

    /** So many of each that nobody can buy them all. */
    public static String plenty(String... names) {
      StringBuilder csv = new StringBuilder("name,price,quantity\n");
      for (String name : names) {
        csv.append(name).append(",9.99,1000000000\n");
      }
      return csv.toString();
    }
  }

  private ThrowawayStore(Plan plan, Distribution distribution) throws IOException {
    this.plan = plan;
    this.directory = Files.createTempDirectory("toystore-throwaway");
    this.data = Files.createDirectory(directory.resolve("data"));
    Path common = directory.resolve("common.yaml");
    List<Node> nodes = nodes(StoreConfig.load(plan.configFile).nodes());
    writeSettings(common, nodes);
    this.config = NodePorts.onFreeOnes(StoreConfig.load(common));
    this.client = new NodeClient(http, config);
    this.network = plan.network ? FaultyNetwork.between(config, plan.seed) : null;
    for (Node node : nodes) {
      writeSettings(settings(node), network == null ? nodes : network.seenBy(node.name()));
    }
    Distribution used = withClassesFirst(distribution);
    NodeLauncher launcher = new NodeLauncher(used, config, new Dressing(), data, used.aotCaches());
    this.cluster = new Cluster(config, data, () -> launcher, client);
  }

  /**
   * Starts a store; returns when a purchase can be made.
   *
   * @throws IOException if this machine cannot give it what it needs
   */
  public static ThrowawayStore up(Plan plan) throws IOException, InterruptedException {
    return up(plan, Distribution.installed());
  }

  public static ThrowawayStore up(Plan plan, Distribution distribution)
      throws IOException, InterruptedException {
    ThrowawayStore store = new ThrowawayStore(plan, distribution);
    try {
      Runtime.getRuntime().addShutdownHook(store.atExit);
      store.prepareDisks();
      Path catalog = Files.writeString(store.directory.resolve("catalog.csv"), plan.catalog, UTF_8);
      CommandDeadline deadline = CommandDeadline.in(START);
      List<NodeProcess> started = store.cluster.launch(store.config.nodes(), catalog, deadline);
      var _ = store.cluster.awaitReady(store.config.nodes(), started, deadline);
      return store;
    } catch (IOException | InterruptedException | RuntimeException e) {
      store.close();
      throw e;
    }
  }

  /** The configured nodes, and as many front ends as planned. */
  private List<Node> nodes(List<Node> configured) {
    List<Node> nodes = new ArrayList<>();
    int frontEnds = 0;
    for (Node node : configured) {
      if (node.role() != Role.FRONTEND || ++frontEnds <= plan.frontEnds) {
        nodes.add(node);
      }
    }
    for (int id = frontEnds + 1; id <= plan.frontEnds; id++) {
      nodes.add(new Node("frontend-" + id, Role.FRONTEND, id, "127.0.0.1", 10 + id));
    }
    return List.copyOf(nodes);
  }

  private void writeSettings(Path file, List<Node> nodes) throws IOException {
    YAMLMapper yaml = new YAMLMapper();
    ObjectNode tree =
        plan.configFile != null && yaml.readTree(plan.configFile.toFile()) instanceof ObjectNode own
            ? own
            : yaml.createObjectNode();
    ArrayNode all = tree.putArray("nodes");
    for (Node node : nodes) {
      all.addObject()
          .put("name", node.name())
          .put("role", node.role().name().toLowerCase(Locale.ROOT))
          .put("id", node.id())
          .put("host", node.host())
          .put("port-offset", node.portOffset());
    }
    plan.settings.forEach(
        (key, value) -> {
          int dot = key.indexOf('.');
          if (dot < 0) {
            tree.put(key, value);
          } else {
            tree.withObject("/" + key.substring(0, dot)).put(key.substring(dot + 1), value);
          }
        });
    yaml.writeValue(file.toFile(), tree);
  }

  private Path settings(Node node) {
    return directory.resolve(node.name() + ".yaml");
  }

  private Distribution withClassesFirst(Distribution distribution) {
    StringBuilder path = new StringBuilder();
    plan.classesFirst.forEach(classes -> path.append(classes).append(File.pathSeparator));
    return new Distribution(
        distribution.home(), path + distribution.classPath(), distribution.mains());
  }

  private final class Dressing implements NodeLauncher.Dress {
    @Override
    public Path settings(Node node) {
      return ThrowawayStore.this.settings(node);
    }

    @Override
    public Map<String, String> environment(Node node) {
      DiskFaultLibrary shim = shims.get(node.name());
      return shim == null ? Map.of() : shim.environment();
    }
  }

  private void prepareDisks() throws IOException, InterruptedException {
    List<Node> keepers = config.nodes().stream().filter(n -> n.role() != Role.FRONTEND).toList();
    if (plan.disks && LoopDisk.possible(directory)) {
      for (Node node : keepers) {
        disks.put(
            node.name(),
            LoopDisk.mount(
                directory.resolve(node.name() + ".img"), data.resolve(node.name()), 2048));
      }
    }
    if (plan.shims && DiskFaultLibrary.possible()) {
      Path library = DiskFaultLibrary.compile(directory);
      for (Node node : keepers) {
        shims.put(
            node.name(),
            DiskFaultLibrary.of(
                library, directory.resolve(node.name() + ".disk"), data.resolve(node.name())));
      }
    }
  }

  public StoreConfig config() {
    return config;
  }

  /** Where the nodes keep their data and logs. */
  public Path data() {
    return data;
  }

  public List<String> frontEnds() {
    return config.nodes(Role.FRONTEND).reversed().stream().map(config::url).toList();
  }

  public List<String> names(Role role) {
    return config.nodes(role).stream().map(Node::name).toList();
  }

  public List<String> names() {
    return config.nodes().stream().map(Node::name).toList();
  }

  /** The network between the nodes; nothing if the plan has none. */
  public Optional<FaultyNetwork> network() {
    return Optional.ofNullable(network);
  }

  /** The shims of nodes that have one: none where the machine cannot do it. */
  public Map<String, DiskFaultLibrary> shims() {
    return Map.copyOf(shims);
  }

  /** The file systems of nodes that have one of their own. */
  public Map<String, LoopDisk> disks() {
    return new LinkedHashMap<>(disks);
  }

  NodeClient client() {
    return client;
  }

  @Override
  public ProcessHandle process(String node) throws IOException {
    return cluster
        .process(config.node(node))
        .orElseThrow(() -> new IOException(node + " does not run"));
  }

  /** Whether the node's process lives. */
  public boolean runs(String node) {
    return cluster.process(config.node(node)).isPresent();
  }

  @Override
  public void kill(Iterable<String> nodes) throws IOException, InterruptedException {
    cluster.stop(list(nodes), true, CommandDeadline.in(STOP)).requireGone(true);
  }

  @Override
  public void start(Iterable<String> nodes) throws InterruptedException {
    List<Node> wanted = list(nodes).stream().map(config::node).toList();
    List<String> ran = list(nodes).stream().filter(this::runs).toList();
    NodeStarter starter = new NodeStarter(cluster);
    CommandDeadline deadline = CommandDeadline.in(START);
    try {
      var _ = starter.start(wanted, deadline);
    } catch (ToyctlException e) {
      if (ran.stream().allMatch(this::runs)) {
        throw e;
      }
      // It still ran and was about to halt over what it had suffered.
      var _ = starter.start(wanted, deadline);
    }
  }

  private static List<String> list(Iterable<String> names) {
    return StreamSupport.stream(names.spliterator(), false).toList();
  }

  /** The replica that leads now by its own word, if one does. */
  public Optional<String> leader() throws InterruptedException {
    return ParallelTasks.forEach(config.nodes(Role.ORDER), node -> client.probe(node, PROBE))
        .values()
        .stream()
        .flatMap(probe -> StatusReport.leadership(Role.ORDER, probe).stream())
        .max(Comparator.comparingLong(StatusReport::term))
        .map(NodeStatus::node);
  }

  /**
   * Waits until a replica leads.
   *
   * @param unwanted one that does not count, or null
   * @throws ToyctlException if none does within the time
   */
  public String awaitLeader(@Nullable String unwanted, Duration patience)
      throws InterruptedException {
    CommandDeadline deadline = CommandDeadline.in(patience);
    while (true) {
      Optional<String> leader = leader().filter(name -> !name.equals(unwanted));
      if (leader.isPresent()) {
        return leader.get();
      }
      if (deadline.passed()) {
        throw late("no order replica leads", deadline);
      }
      deadline.pause(POLL);
    }
  }

  private static ToyctlException late(String what, CommandDeadline deadline) {
    return new ToyctlException(
        ExitCode.TIMED_OUT, "throwaway store", what + " after " + deadline.inWords(), null);
  }

  /** Why a node ended that was not killed: the last thing that it said about itself. */
  public String reason(String node) {
    String last = ExitReason.of(cluster.log(config.node(node)), 0);
    return last == null ? "it does not say why" : last;
  }

  /** Work that finds out whether a store holds what it promises. */
  @FunctionalInterface
  public interface Examination {
    boolean holds(ThrowawayStore store) throws IOException, InterruptedException;
  }

  /**
   * Starts a store, examines it, and deletes it. Where it does not hold or the examination fails,
   * its files and logs stay, and where they are is told.
   */
  public static boolean examine(Plan plan, Distribution distribution, Examination examination)
      throws IOException, InterruptedException {
    try (ThrowawayStore store = up(plan, distribution)) {
      store.kept = true;
      boolean holds = examination.holds(store);
      store.kept = !holds;
      return holds;
    }
  }

  /** What each node says about itself, its threads included: for who has to find out why. */
  public String evidence() throws InterruptedException {
    StringBuilder text = new StringBuilder();
    for (Node node : config.nodes()) {
      text.append("\n=== ").append(node.name()).append(runs(node.name()) ? "" : " (ended)");
      text.append('\n').append(log(node.name()));
    }
    return text.toString();
  }

  private String log(String node) throws InterruptedException {
    Path log = cluster.log(config.node(node));
    try {
      if (runs(node)) {
        // A JVM answers by writing all its threads into its log.
        var _ = new ProcessBuilder("kill", "-QUIT", Long.toString(process(node).pid())).start();
        CommandDeadline deadline = CommandDeadline.in(DUMP);
        while (!ExitReason.tail(log, 0, TAIL).contains(END_OF_DUMP) && !deadline.passed()) {
          deadline.pause(POLL);
        }
      }
      return ExitReason.tail(log, 0, TAIL);
    } catch (IOException e) {
      return "its log cannot be read: " + Wordings.reason(e);
    }
  }

  /** Who ends the command does not want to look into it. */
  private void closeUnread() {
    kept = false;
    close();
  }

  /** Ends everything and deletes it, unless it is evidence. */
  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    try {
      if (kept) {
        var _ = evidence();
        System.err.println("toyctl: the store's files and logs stay in " + directory);
      }
      var _ = cluster.stop(names(), true, CommandDeadline.in(STOP));
      if (network != null) {
        network.close();
      }
      for (LoopDisk disk : disks.values()) {
        disk.unmount();
      }
      if (!kept) {
        DataWipe.all(directory);
      }
    } catch (IOException e) {
      System.err.println("toyctl: " + directory + " could not be deleted: " + Wordings.reason(e));
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } finally {
      http.close();
      forgetExit();
    }
  }

  private void forgetExit() {
    if (!Thread.currentThread().equals(atExit)) {
      try {
        Runtime.getRuntime().removeShutdownHook(atExit);
      } catch (IllegalStateException _) {
        // This process ends: the hook finds the store closed.
      }
    }
  }
}
