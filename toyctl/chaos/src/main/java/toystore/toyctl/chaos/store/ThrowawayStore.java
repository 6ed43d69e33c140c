package toystore.toyctl.chaos.store;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import toystore.client.ApiHttpClient;
import toystore.client.Deadline;
import toystore.config.Role;
import toystore.config.StoreConfig;
import toystore.config.Topology.Node;
import toystore.toyctl.chaos.faults.DiskFaultShim;
import toystore.toyctl.chaos.faults.FaultyNetwork;
import toystore.toyctl.chaos.faults.LoopDisk;
import toystore.toyctl.chaos.faults.StoreProcesses;
import toystore.toyctl.cluster.ErrorText;
import toystore.toyctl.cluster.ToyctlException;
import toystore.toyctl.cluster.datadir.DataWipe;
import toystore.toyctl.cluster.nodes.NodeClient;
import toystore.toyctl.cluster.process.Cluster;
import toystore.toyctl.cluster.process.Distribution;
import toystore.toyctl.cluster.process.NodeLauncher;
import toystore.toyctl.cluster.process.NodeOverrides;
import toystore.toyctl.cluster.process.NodePorts;
import toystore.toyctl.cluster.process.NodeProcess;

/**
 * A complete store of real processes for fault injection. It uses a temporary directory and free
 * ports. Closing it, or ending this process, stops all nodes and deletes the directory.
 */
public final class ThrowawayStore implements StoreProcesses, AutoCloseable {
  private static final Duration START_TIMEOUT = Duration.ofSeconds(90);
  private static final Duration STOP_TIMEOUT = Duration.ofSeconds(20);

  private final ThrowawayStorePlan plan;
  private final Path directory;
  private final Path data;
  private final StoreConfig config;
  private final ApiHttpClient http = new ApiHttpClient();
  private final NodeClient client;
  private final Cluster cluster;
  private final LocalNodes nodes;
  private final OrderLeader orderLeader;
  private final NodeEvidence evidence;
  private final @Nullable FaultyNetwork network;
  private final FaultyDisks disks;
  private final AtomicBoolean closed = new AtomicBoolean();
  private volatile boolean keepFiles;
  private final Thread shutdownHook = Thread.ofPlatform().unstarted(this::closeAtShutdown);

  private ThrowawayStore(ThrowawayStorePlan plan, Distribution distribution) throws IOException {
    this.plan = plan;
    this.directory = Files.createTempDirectory("toystore-throwaway");
    this.data = Files.createDirectory(directory.resolve("data"));
    SettingsFiles settings = new SettingsFiles(plan, directory);
    List<Node> planned = settings.plannedNodes();
    this.config = NodePorts.withFreePorts(settings.writeCommon(planned));
    this.client = new NodeClient(http, config);
    this.network = plan.networkFaults() ? FaultyNetwork.between(config, plan.seed()) : null;
    this.disks = new FaultyDisks(directory, data);
    for (Node node : planned) {
      settings.write(node, network == null ? planned : network.addressesFor(node.name()));
    }
    Distribution used = plan.overlay(distribution);
    NodeLauncher launcher =
        new NodeLauncher(used, config, overrides(settings), data, used.aotCaches());
    this.cluster = new Cluster(config, data, () -> launcher, client);
    this.nodes = new LocalNodes(config, cluster);
    this.orderLeader = new OrderLeader(config, client);
    this.evidence = new NodeEvidence(config, cluster);
  }

  private NodeOverrides overrides(SettingsFiles settings) {
    return new NodeOverrides() {
      @Override
      public Path settings(Node node) {
        return settings.of(node);
      }

      @Override
      public Map<String, String> environment(Node node) {
        return disks.environment(node.name());
      }
    };
  }

  /** Starts a store of the installed distribution and waits until it accepts purchases. */
  public static ThrowawayStore start(ThrowawayStorePlan plan)
      throws IOException, InterruptedException {
    return start(plan, Distribution.installed());
  }

  /**
   * Starts a store and waits until it accepts purchases.
   *
   * @throws IOException if this machine cannot provide files, ports or disks
   */
  public static ThrowawayStore start(ThrowawayStorePlan plan, Distribution distribution)
      throws IOException, InterruptedException {
    ThrowawayStore store = new ThrowawayStore(plan, distribution);
    try {
      Runtime.getRuntime().addShutdownHook(store.shutdownHook);
      store.startNodes();
      return store;
    } catch (IOException | InterruptedException | RuntimeException e) {
      store.close();
      throw e;
    }
  }

  private void startNodes() throws IOException, InterruptedException {
    List<String> withData =
        config.nodes().stream()
            .filter(node -> node.role() != Role.FRONTEND)
            .map(Node::name)
            .toList();
    if (plan.loopDisks()) {
      disks.mountLoopDisks(withData);
    }
    if (plan.diskFaults()) {
      disks.compileLibraries(withData);
    }
    Path catalog = Files.writeString(directory.resolve("catalog.csv"), plan.catalog(), UTF_8);
    Deadline deadline = Deadline.in(START_TIMEOUT);
    List<NodeProcess> started = cluster.launch(config.nodes(), catalog, deadline);
    var _ = cluster.awaitReady(config.nodes(), started, deadline);
  }

  public StoreConfig config() {
    return config;
  }

  /** The directory in which the nodes keep their data and logs. */
  public Path data() {
    return data;
  }

  /** The URLs of the front ends, lowest id first. */
  public List<String> frontEnds() {
    return config.nodes(Role.FRONTEND).reversed().stream().map(config::url).toList();
  }

  /** The names of the nodes with this role. */
  public List<String> names(Role role) {
    return config.nodes(role).stream().map(Node::name).toList();
  }

  /** The names of all nodes. */
  public List<String> names() {
    return config.nodes().stream().map(Node::name).toList();
  }

  /** The network between the nodes, or empty if the plan has no network faults. */
  public Optional<FaultyNetwork> network() {
    return Optional.ofNullable(network);
  }

  /** The disk fault libraries by node; empty if the machine or the plan does not have them. */
  public Map<String, DiskFaultShim> diskFaultLibraries() {
    return disks.libraries();
  }

  /** The separate file systems by node; empty if the machine or the plan does not have them. */
  public Map<String, LoopDisk> loopDisks() {
    return disks.loopDisks();
  }

  /** A client of the nodes' internal HTTP interface. */
  public NodeClient client() {
    return client;
  }

  @Override
  public ProcessHandle process(String node) throws IOException {
    return nodes.process(node);
  }

  /** Whether the process of the node is alive. */
  public boolean isRunning(String node) {
    return nodes.isRunning(node);
  }

  @Override
  public void kill(Iterable<String> names) throws IOException, InterruptedException {
    nodes.kill(names);
  }

  @Override
  public void start(Iterable<String> names) throws InterruptedException {
    nodes.start(names);
  }

  /**
   * Waits until an order replica leads.
   *
   * @param excluded a replica that is ignored, or null
   * @throws ToyctlException if there is no leader within the timeout
   */
  public String awaitLeader(@Nullable String excluded, Duration timeout)
      throws InterruptedException {
    return orderLeader.await(excluded, timeout);
  }

  /** The last reason in a node's log for the end of its process. */
  public String exitReason(String node) {
    return evidence.exitReason(node);
  }

  /** The end of each node's log, with a thread dump of each running node. */
  public String evidence() throws InterruptedException {
    return evidence.collect();
  }

  /** Whether {@link #close} leaves the files of the store for an investigation. */
  void keepFiles(boolean keep) {
    keepFiles = keep;
  }

  /** Deletes all files even during an experiment: a user who interrupts it does not want them. */
  private void closeAtShutdown() {
    keepFiles = false;
    close();
  }

  /** Stops all nodes, and deletes all files unless an experiment failed. */
  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    try {
      if (keepFiles) {
        // The thread dumps go into the logs, which are kept.
        var _ = evidence();
        System.err.println("toyctl: the files and logs of the store are kept in " + directory);
      }
      var _ = cluster.stop(names(), true, Deadline.in(STOP_TIMEOUT));
      if (network != null) {
        network.close();
      }
      disks.unmount();
      if (!keepFiles) {
        DataWipe.all(directory);
      }
    } catch (IOException e) {
      System.err.println("toyctl: " + directory + " cannot be deleted: " + ErrorText.reason(e));
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } finally {
      http.close();
      removeShutdownHook();
    }
  }

  private void removeShutdownHook() {
    if (!Thread.currentThread().equals(shutdownHook)) {
      try {
        Runtime.getRuntime().removeShutdownHook(shutdownHook);
      } catch (IllegalStateException _) {
        // The process is ending. The hook will find the store closed.
      }
    }
  }
}
