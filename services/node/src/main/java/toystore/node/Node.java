package toystore.node;

import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import toystore.config.ConfigException;
import toystore.config.Role;
import toystore.config.StoreConfig;
import toystore.config.Topology;
import toystore.node.failure.StartRefusedException;
import toystore.node.http.ListenerAddresses;
import toystore.node.http.ListenerMonitor;
import toystore.node.http.NodeRoutes;
import toystore.node.http.NodeServer;
import toystore.protocol.message.NodeStatus;

/**
 * The process around a node: its arguments, its metrics, its orderly end and its sudden one. A main
 * is {@code Node.run(args, Role.ORDER, node -> { … parts … })}.
 */
public final class Node {
  /** Exit codes, as the command line documents them. */
  private static final int FAILED = 1;

  private static final int USAGE = 2;
  private static final int IN_USE = 6;

  private static final Duration LISTENER_LOOK = Duration.ofSeconds(1);

  private static final System.Logger LOG = System.getLogger(Node.class.getName());

  private final StoreConfig config;
  private final Topology.Node self;
  private final Path directory;
  private final Map<String, String> arguments;
  private final PrometheusMeterRegistry metrics;
  private final long startedNanos = System.nanoTime();
  private final Deque<Part> parts = new ArrayDeque<>();
  private final AtomicBoolean ending = new AtomicBoolean();

  private record Part(String name, AutoCloseable closing) {}

  /** Builds a node from its parts. */
  @FunctionalInterface
  public interface Assembly {
    void assemble(Node node) throws Exception;
  }

  private Node(
      StoreConfig config, Topology.Node self, Path directory, Map<String, String> arguments) {
    this.config = config;
    this.self = self;
    this.directory = directory;
    this.arguments = arguments;
    this.metrics = registry(self);
  }

  private static PrometheusMeterRegistry registry(Topology.Node self) {
    PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    registry
        .config()
        .commonTags(
            Tags.of("node", self.name(), "role", self.role().name().toLowerCase(Locale.ROOT)));
    return registry;
  }

  /**
   * Runs a node until it is told to stop. Wrong settings end the process with 2, a port or
   * directory in use with 6, anything else that keeps it from starting with 1; the last line says
   * why.
   */
  public static void run(String[] args, Role role, Assembly assembly) {
    Node node = null;
    try {
      node = create(args, role);
      Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(node::stop));
      assembly.assemble(node);
      node.bindProcessMetrics();
      LOG.log(Level.INFO, "{0} started, pid {1}", node.self.name(), pid());
    } catch (ConfigException e) {
      giveUp(node, USAGE, e);
    } catch (StartRefusedException e) {
      giveUp(node, IN_USE, e);
    } catch (Exception | Error e) {
      LOG.log(Level.ERROR, "the node cannot start", e);
      giveUp(node, FAILED, e);
    }
  }

  private static String pid() {
    return Long.toString(ProcessHandle.current().pid());
  }

  // Halting, not exiting: parts that are half built are in no state for an orderly stop.
  private static void giveUp(@Nullable Node node, int code, Throwable e) {
    System.err.println("toystore: " + reasons(e));
    System.err.flush();
    if (node == null || node.ending.compareAndSet(false, true)) {
      Runtime.getRuntime().halt(code);
    }
  }

  private static String reasons(Throwable e) {
    StringBuilder text = new StringBuilder();
    String last = "";
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      String message = cause.getMessage() == null ? cause.toString() : cause.getMessage();
      if (!last.contains(message)) {
        text.append(text.isEmpty() ? "" : ": ").append(message.lines().findFirst().orElse(""));
        last = message;
      }
    }
    return text.toString();
  }

  private static Node create(String[] args, Role role) throws java.io.IOException {
    Map<String, String> arguments = parse(args);
    String file = arguments.get("--config");
    StoreConfig config = StoreConfig.load(file == null ? null : Path.of(file));
    Topology.Node self = config.node(required(arguments, "--node"));
    if (self.role() != role) {
      throw new ConfigException(
          self.name() + " is a " + self.role() + " node, this program runs " + role + " nodes");
    }
    Path directory = Path.of(required(arguments, "--data")).resolve(self.name());
    Node node = new Node(config, self, directory, arguments);
    if (role != Role.FRONTEND) {
      Files.createDirectories(directory);
      // The first part: given up last, when nothing works on its files any more.
      node.onStop("directory", NodeDirectory.claim(directory, config.cluster(), self.name()));
    }
    return node;
  }

  private static Map<String, String> parse(String[] args) {
    Map<String, String> arguments = new HashMap<>();
    for (int i = 0; i < args.length; i += 2) {
      if (!args[i].matches("--(node|data|config|catalog|heal)") || i + 1 == args.length) {
        throw new ConfigException(
            "usage: --node NAME --data DIR [--config FILE] [--catalog FILE] [--heal yes]; not: "
                + args[i]);
      }
      arguments.put(args[i], args[i + 1]);
    }
    return arguments;
  }

  private static String required(Map<String, String> arguments, String name) {
    String value = arguments.get(name);
    if (value == null) {
      throw new ConfigException("usage: --node NAME --data DIR [--config FILE]; no " + name);
    }
    return value;
  }

  private void bindProcessMetrics() {
    new JvmMemoryMetrics().bindTo(metrics);
    JvmGcMetrics gc = new JvmGcMetrics();
    gc.bindTo(metrics);
    onStop("gc metrics", gc);
    new JvmThreadMetrics().bindTo(metrics);
    new ProcessorMetrics().bindTo(metrics);
    new UptimeMetrics().bindTo(metrics);
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

  /** Where this node keeps what must survive it. */
  public Path directory() {
    return directory;
  }

  /** The value of a command line argument such as {@code --catalog}, or null. */
  public @Nullable String argument(String name) {
    return arguments.get(name);
  }

  public PrometheusMeterRegistry metrics() {
    return metrics;
  }

  public double uptimeSeconds() {
    return (System.nanoTime() - startedNanos) / 1e9;
  }

  /** Registers a part to be closed at the end; the last one registered closes first. */
  public <T extends AutoCloseable> T onStop(String name, T part) {
    synchronized (parts) {
      parts.push(new Part(name, part));
    }
    return part;
  }

  /**
   * Opens this node to others: its API, and its health and metrics. From here on it halts when one
   * of both is closed.
   *
   * @param status what {@code /status} and {@code /health} tell
   * @throws StartRefusedException if a port is taken
   */
  public void serve(NodeRoutes routes, Supplier<NodeStatus> status) {
    NodeServer server = NodeServer.start(config, self, routes, metrics, status);
    onStop("server", server);
    onStop(
        "listener watch",
        new ListenerMonitor(
            ListenerAddresses.of(config, self),
            LISTENER_LOOK,
            address -> halt("nothing listens at " + address + " any more", null)));
  }

  private void stop() {
    if (!ending.compareAndSet(false, true)) {
      return;
    }
    LOG.log(Level.INFO, "{0} stops", self.name());
    while (true) {
      Part part;
      synchronized (parts) {
        part = parts.poll();
      }
      if (part == null) {
        return;
      }
      try {
        part.closing().close();
      } catch (Exception e) {
        LOG.log(Level.WARNING, "closing " + part.name() + " failed", e);
      }
    }
  }

  /**
   * Ends the process at once, as a crash would: nothing is acknowledged any more. A restarted node
   * is correct, a limping one is not.
   */
  public void halt(String what, @Nullable Throwable cause) {
    if (ending.get()) {
      return;
    }
    LOG.log(Level.ERROR, what + ": the node halts", cause);
    System.err.println("toystore: " + what + (cause == null ? "" : ": " + reasons(cause)));
    System.err.flush();
    Runtime.getRuntime().halt(FAILED);
  }
}
