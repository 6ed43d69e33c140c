package toystore.toyctl.cluster.process;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import toystore.config.JvmProfile;
import toystore.config.Role;
import toystore.config.StoreConfig;
import toystore.config.Topology.Node;
import toystore.toyctl.cluster.datadir.NodeLog;

/** Builds the command lines of the nodes and of the supervisor, from the java executable on. */
final class ProcessCommands {
  private final Distribution distribution;
  private final StoreConfig config;
  private final NodeOverrides overrides;
  private final Path data;
  private final AotCaches caches;

  ProcessCommands(
      Distribution distribution,
      StoreConfig config,
      NodeOverrides overrides,
      Path data,
      AotCaches caches) {
    this.distribution = distribution;
    this.config = config;
    this.overrides = overrides;
    this.data = data;
    this.caches = caches;
  }

  /**
   * The command line of a node.
   *
   * @param catalog the products of a new catalog, or null for the shipped ones
   */
  List<String> node(Node node, @Nullable Path catalog) {
    List<String> command = new ArrayList<>();
    command.add(javaExecutable());
    addJvmOptions(command, node);
    command.addAll(settingsProperties());
    command.addAll(List.of("-cp", distribution.classPath(), mainClass(node)));
    command.addAll(List.of("--node", node.name(), "--data", data.toAbsolutePath().toString()));
    Path configFile = overrides.settings(node);
    if (configFile != null) {
      command.addAll(List.of("--config", configFile.toAbsolutePath().toString()));
    }
    Path products = catalog == null ? distribution.shippedCatalog() : catalog;
    if (node.role() == Role.CATALOG && (catalog != null || Files.isRegularFile(products))) {
      command.addAll(List.of("--catalog", products.toAbsolutePath().toString()));
    }
    return command;
  }

  private void addJvmOptions(List<String> command, Node node) {
    command.addAll(
        JvmProfile.ofThisMachine(config.jvm())
            .options(node.role(), System.getProperty("os.name").equals("Linux")));
    command.addAll(caches.options(roleName(node.role())));
    command.add("--enable-native-access=ALL-UNNAMED");
    command.add("--sun-misc-unsafe-memory-access=allow");
    command.add("-XX:+ExitOnOutOfMemoryError");
    // By default a JVM that crashes writes its files to the current directory.
    command.add("-XX:-CreateCoredumpOnCrash");
    command.add("-XX:ErrorFile=" + NodeLog.crashPath(data, node.name()).toAbsolutePath());
    if (Files.isRegularFile(distribution.loggingConfig())) {
      command.add("-Djava.util.logging.config.file=" + distribution.loggingConfig());
      command.add("-Djava.util.logging.manager=toystore.node.ShutdownSafeLogManager");
    }
  }

  private String mainClass(Node node) {
    String main = distribution.mains().get(node.role());
    if (main == null) {
      throw new IllegalStateException("no main class for a node of role " + node.role());
    }
    return main;
  }

  /**
   * The command line of the supervisor.
   *
   * @param catalog the products of a new catalog, or null for the shipped ones
   */
  List<String> supervisor(@Nullable Path catalog) {
    List<String> command = new ArrayList<>();
    command.add(javaExecutable());
    command.addAll(Distribution.JVM);
    command.add("-Xmx48m");
    command.addAll(caches.options("toyctl"));
    command.addAll(List.of("-Xlog:disable", "-D" + Distribution.HOME + "=" + distribution.home()));
    command.addAll(settingsProperties());
    command.addAll(List.of("-cp", distribution.classPath(), Distribution.TOYCTL_MAIN));
    command.addAll(List.of("--data", data.toAbsolutePath().toString()));
    command.addAll(List.of("--port-base", Integer.toString(config.portBase())));
    // A store with a supervisor has the same settings file for all nodes.
    Path settings = overrides.settings(config.nodes().getFirst());
    if (settings != null) {
      command.addAll(List.of("--config", settings.toAbsolutePath().toString()));
    }
    command.add("supervise");
    if (catalog != null) {
      command.addAll(List.of("--catalog", catalog.toAbsolutePath().toString()));
    }
    return command;
  }

  /**
   * Passes on the settings that this process got as system properties. The port base and the number
   * of front ends are taken from the configuration instead.
   */
  private List<String> settingsProperties() {
    Map<String, Integer> configured =
        Map.of(
            StoreConfig.PROPERTY_PREFIX + "port-base", config.portBase(),
            StoreConfig.PROPERTY_PREFIX + "frontends", config.frontends());
    Stream<String> inherited =
        System.getProperties().stringPropertyNames().stream()
            .filter(name -> name.startsWith(StoreConfig.PROPERTY_PREFIX))
            .filter(name -> !configured.containsKey(name))
            .sorted()
            .map(name -> "-D" + name + "=" + System.getProperty(name));
    Stream<String> own =
        configured.entrySet().stream().map(e -> "-D" + e.getKey() + "=" + e.getValue());
    return Stream.concat(inherited, own).toList();
  }

  private static String javaExecutable() {
    return Path.of(System.getProperty("java.home"), "bin", "java").toString();
  }

  /** "catalog", "order" or "frontend". */
  static String roleName(Role role) {
    return role.name().toLowerCase(Locale.ROOT);
  }
}
