package toystore.node;

import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import toystore.config.ConfigException;
import toystore.config.Role;
import toystore.config.StoreConfig;
import toystore.config.Topology;
import toystore.node.failure.StartRefusedException;
import toystore.node.http.ListenerAddresses;
import toystore.node.http.NodeRoutes;
import toystore.node.http.NodeServer;
import toystore.node.http.PortMonitor;
import toystore.protocol.message.NodeStatus;

/**
 * The process of a node: its settings, its directory, its metrics and its end. A main method calls
 * {@code Node.run(args, Role.ORDER, node -> { … parts … })}.
 */
public final class Node {
  private static final System.Logger LOG = System.getLogger(Node.class.getName());
  private static final Duration LISTENER_CHECK_INTERVAL = Duration.ofSeconds(1);

  private final NodeArguments arguments;
  private final StoreConfig config;
  private final Topology.Node self;
  private final Path directory;
  private final PrometheusMeterRegistry metrics;
  private final long startedNanos = System.nanoTime();
  private final ShutdownSequence shutdown = new ShutdownSequence();

  /** Builds a node from its parts. */
  @FunctionalInterface
  public interface Assembly {
    void assemble(Node node) throws Exception;
  }

  private Node(NodeArguments arguments, StoreConfig config, Topology.Node self, Path directory) {
    this.arguments = arguments;
    this.config = config;
    this.self = self;
    this.directory = directory;
    this.metrics = ProcessMetrics.registry(self);
  }

  /**
   * Starts a node. It runs until the process receives a signal to stop. If the node cannot start,
   * the process ends with code 2 for wrong settings, with 6 for a port or directory that is in use,
   * and with 1 for any other reason. The last line on standard error states the reason.
   */
  public static void run(String[] args, Role role, Assembly assembly) {
    Node node = null;
    try {
      node = create(NodeArguments.parse(args), role);
      Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(node::stop));
      assembly.assemble(node);
      node.onStop("gc metrics", ProcessMetrics.bindTo(node.metrics));
      LOG.log(
          Level.INFO,
          "{0} started, pid {1}",
          node.name(),
          Long.toString(ProcessHandle.current().pid()));
    } catch (ConfigException e) {
      abortStart(node, ProcessExit.USAGE, e);
    } catch (StartRefusedException e) {
      abortStart(node, ProcessExit.IN_USE, e);
    } catch (Exception | Error e) {
      LOG.log(Level.ERROR, "the node cannot start", e);
      abortStart(node, ProcessExit.FAILED, e);
    }
  }

  /** Halts instead of exiting: parts that are only half built cannot be closed in order. */
  private static void abortStart(@Nullable Node node, int code, Throwable e) {
    ProcessExit.print(ProcessExit.describe(e));
    if (node == null || node.shutdown.begin()) {
      Runtime.getRuntime().halt(code);
    }
  }

  private static Node create(NodeArguments arguments, Role role) throws IOException {
    StoreConfig config = StoreConfig.load(arguments.config());
    Topology.Node self = config.node(arguments.node());
    if (self.role() != role) {
      throw new ConfigException(
          self.name() + " is a " + self.role() + " node, this program runs " + role + " nodes");
    }
    Path directory = arguments.data().resolve(self.name());
    Node node = new Node(arguments, config, self, directory);
    if (role != Role.FRONTEND) {
      Files.createDirectories(directory);
      // Registered first, so that it is released last, when no part uses its files any more.
      node.onStop("directory", NodeDirectory.claim(directory, config.cluster(), self.name()));
    }
    return node;
  }

  public StoreConfig config() {
    return config;
  }

  public Topology.Node self() {
    return self;
  }

  public String name() {
    return self.name();
  }

  /** The directory for the files of this node. */
  public Path directory() {
    return directory;
  }

  /** The value of a command line argument such as {@code --catalog}, or null. */
  public @Nullable String argument(String name) {
    return arguments.value(name);
  }

  public PrometheusMeterRegistry metrics() {
    return metrics;
  }

  public double uptimeSeconds() {
    return (System.nanoTime() - startedNanos) / 1e9;
  }

  /**
   * Registers a part to be closed when the node stops. The part that was registered last closes
   * first.
   */
  public <T extends AutoCloseable> T onStop(String name, T part) {
    shutdown.add(name, part);
    return part;
  }

  /**
   * Starts the listeners of this node. From now on the node halts if one of them stops listening.
   *
   * @param status supplies what {@code /status} and {@code /health} return
   * @throws StartRefusedException if a port is in use
   */
  public void serve(NodeRoutes routes, Supplier<NodeStatus> status) {
    NodeServer server = NodeServer.start(config, self, routes, metrics, status);
    onStop("server", server);
    onStop(
        "port monitor",
        new PortMonitor(
            ListenerAddresses.of(config, self),
            LISTENER_CHECK_INTERVAL,
            address -> halt("nothing listens at " + address + " any more", null)));
  }

  private void stop() {
    if (shutdown.begin()) {
      LOG.log(Level.INFO, "{0} stops", self.name());
      shutdown.closeAll();
    }
  }

  /**
   * Ends the process at once, as a crash would, so that it acknowledges nothing more. A restart is
   * always correct; a node that continues after such a failure may not be. Has no effect once the
   * node has begun to stop.
   *
   * @param what what has failed
   */
  public void halt(String what, @Nullable Throwable cause) {
    if (shutdown.hasBegun()) {
      return;
    }
    LOG.log(Level.ERROR, what + ": the node halts", cause);
    ProcessExit.print(ProcessExit.describe(what, cause));
    Runtime.getRuntime().halt(ProcessExit.FAILED);
  }
}
