package toystore.toyctl.cluster.process;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import toystore.config.Role;
import toystore.config.StoreConfig;
import toystore.config.StoreConfig.Node;

/** Starts the process of a node, so that it outlives this one. */
public final class NodeLauncher {
  private static final Path NOWHERE = Path.of("/dev/null");

  private final Distribution distribution;
  private final StoreConfig config;
  private final Dress dress;
  private final Path data;
  private final AotCaches caches;

  /**
   * @param configFile the user's file that config was read from, or null
   */
  public NodeLauncher(
      Distribution distribution, StoreConfig config, @Nullable Path configFile, Path data) {
    this(distribution, config, configFile, data, distribution.aotCaches());
  }

  /**
   * @param configFile the user's file that config was read from, or null
   * @param caches what processes use, or write when they end
   */
  public NodeLauncher(
      Distribution distribution,
      StoreConfig config,
      @Nullable Path configFile,
      Path data,
      AotCaches caches) {
    this(distribution, config, Dress.alike(configFile), data, caches);
  }

  /**
   * @param dress what differs from node to node
   * @param caches what processes use, or write when they end
   */
  public NodeLauncher(
      Distribution distribution, StoreConfig config, Dress dress, Path data, AotCaches caches) {
    this.caches = caches.current();
    this.distribution = distribution;
    this.config = config;
    this.dress = dress;
    this.data = data;
  }

  /** What a node's process is given of its own. */
  public interface Dress {
    /** The settings file that the node reads, or null for the shipped settings alone. */
    @Nullable Path settings(Node node);

    /** What is added to the environment of this process. */
    Map<String, String> environment(Node node);

    /** All nodes alike. */
    static Dress alike(@Nullable Path configFile) {
      return new Dress() {
        @Override
        public @Nullable Path settings(Node node) {
          return configFile;
        }

        @Override
        public Map<String, String> environment(Node node) {
          return Map.of();
        }
      };
    }
  }

  public static Path log(Path data, String node) {
    return data.resolve("logs").resolve(node + ".log");
  }

  /** Where a node's JVM writes what it knows of its own crash. */
  static Path crashLog(Path data, String node) {
    return log(data, node + "-jvm");
  }

  /**
   * Starts the node and does not wait for it.
   *
   * @param catalog the products that a catalog begins with, or null for the shipped ones
   * @param heal let it come back as a fresh member of its group
   */
  NodeProcess launch(Node node, @Nullable Path catalog, boolean heal) throws IOException {
    Path log = log(data, node.name()).toAbsolutePath();
    List<String> command = command(node, catalog);
    if (heal) {
      command.addAll(List.of("--heal", "yes"));
    }
    long logStart = Files.exists(log) ? Files.size(log) : 0;
    return new NodeProcess(node, start(command, log, dress.environment(node)), log, logStart);
  }

  private Process start(List<String> command, Path log, Map<String, String> environment)
      throws IOException {
    Files.createDirectories(data.resolve("logs"));
    List<String> all = new ArrayList<>(detached());
    all.addAll(command);
    ProcessBuilder builder =
        new ProcessBuilder(all)
            .redirectInput(NOWHERE.toFile())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
    // What the C library keeps for each core adds up with as many JVMs.
    builder.environment().putIfAbsent("MALLOC_ARENA_MAX", "2");
    builder.environment().putAll(environment);
    return builder.start();
  }

  /** Starts the process that restarts nodes. It too outlives this one. */
  Process launchSupervisor(@Nullable Path catalog) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(java());
    command.addAll(Distribution.JVM);
    command.add("-Xmx48m");
    command.addAll(caches.options("toyctl"));
    command.addAll(List.of("-Xlog:disable", "-D" + Distribution.HOME + "=" + distribution.home()));
    command.addAll(settings());
    command.addAll(List.of("-cp", distribution.classPath(), Distribution.TOYCTL_MAIN));
    command.addAll(List.of("--data", data.toAbsolutePath().toString()));
    command.addAll(List.of("--port-base", Integer.toString(config.portBase())));
    // Only stores whose nodes are alike are supervised: any node's file is the store's.
    Path settings = dress.settings(config.nodes().getFirst());
    if (settings != null) {
      command.addAll(List.of("--config", settings.toAbsolutePath().toString()));
    }
    command.add("supervise");
    if (catalog != null) {
      command.addAll(List.of("--catalog", catalog.toAbsolutePath().toString()));
    }
    return start(command, log(data, Supervisor.NAME).toAbsolutePath(), Map.of());
  }

  private static String java() {
    return Path.of(System.getProperty("java.home"), "bin", "java").toString();
  }

  /** The command line of a node, from the java executable on. */
  public List<String> command(Node node, @Nullable Path catalog) {
    List<String> command = new ArrayList<>();
    command.add(java());
    command.addAll(words(config.jvm().common()));
    if (System.getProperty("os.name").equals("Linux")) {
      command.addAll(words(config.jvm().linux()));
    }
    command.addAll(
        words(
            switch (node.role()) {
              case CATALOG -> config.jvm().catalog();
              case ORDER -> config.jvm().order();
              case FRONTEND -> config.jvm().frontend();
            }));
    command.addAll(caches.options(word(node.role())));
    command.add("--enable-native-access=ALL-UNNAMED");
    command.add("--sun-misc-unsafe-memory-access=allow");
    command.add("-XX:+ExitOnOutOfMemoryError");
    // What a JVM writes when it crashes belongs to the node's log, not to whoever's directory.
    command.add("-XX:-CreateCoredumpOnCrash");
    command.add("-XX:ErrorFile=" + crashLog(data, node.name()).toAbsolutePath());
    if (Files.isRegularFile(distribution.loggingConfig())) {
      command.add("-Djava.util.logging.config.file=" + distribution.loggingConfig());
      command.add("-Djava.util.logging.manager=toystore.node.ShutdownSafeLogManager");
    }
    command.addAll(settings());
    command.add("-cp");
    command.add(distribution.classPath());
    String main = distribution.mains().get(node.role());
    if (main == null) {
      throw new IllegalStateException("no main class for a node of role " + node.role());
    }
    command.add(main);
    command.addAll(List.of("--node", node.name(), "--data", data.toAbsolutePath().toString()));
    Path configFile = dress.settings(node);
    if (configFile != null) {
      command.addAll(List.of("--config", configFile.toAbsolutePath().toString()));
    }
    Path products = catalog == null ? distribution.shippedCatalog() : catalog;
    if (node.role() == Role.CATALOG && (catalog != null || Files.isRegularFile(products))) {
      command.addAll(List.of("--catalog", products.toAbsolutePath().toString()));
    }
    return command;
  }

  /**
   * Settings that this process was given hold for the nodes too; the port base and the number of
   * front ends are decided here.
   */
  private List<String> settings() {
    Map<String, Integer> decided =
        Map.of(
            StoreConfig.PROPERTY_PREFIX + "port-base", config.portBase(),
            StoreConfig.PROPERTY_PREFIX + "frontends", config.frontends());
    Stream<String> own =
        System.getProperties().stringPropertyNames().stream()
            .filter(name -> name.startsWith(StoreConfig.PROPERTY_PREFIX))
            .filter(name -> !decided.containsKey(name))
            .sorted()
            .map(name -> "-D" + name + "=" + System.getProperty(name));
    Stream<String> ours =
        decided.entrySet().stream().map(e -> "-D" + e.getKey() + "=" + e.getValue());
    return Stream.concat(own, ours).toList();
  }

  /**
   * What makes the process survive a Ctrl-C or a hang-up of this terminal. Both forms replace
   * themselves by the JVM, so that the pid is its own: setsid only forks if it leads its process
   * group, which a child of a JVM never does; and signals ignored by a shell stay ignored after
   * exec, which the JVM respects.
   */
  private static List<String> detached() {
    return onPath("setsid")
        .map(setsid -> List.of(setsid.toString()))
        .orElse(List.of("/bin/sh", "-c", "trap '' INT HUP; exec \"$@\"", "sh"));
  }

  private static java.util.Optional<Path> onPath(String program) {
    String path = System.getenv("PATH");
    return Pattern.compile(Pattern.quote(File.pathSeparator))
        .splitAsStream(path == null ? "" : path)
        .filter(directory -> !directory.isBlank())
        .map(directory -> Path.of(directory, program))
        .filter(Files::isExecutable)
        .findFirst();
  }

  private static List<String> words(String options) {
    return Pattern.compile("\\s+")
        .splitAsStream(options.strip())
        .filter(w -> !w.isEmpty())
        .toList();
  }

  /** "catalog", "order", "frontend". */
  public static String word(Role role) {
    return role.name().toLowerCase(Locale.ROOT);
  }
}
