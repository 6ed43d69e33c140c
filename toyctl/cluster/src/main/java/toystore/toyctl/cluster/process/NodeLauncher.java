package toystore.toyctl.cluster.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import toystore.config.Role;
import toystore.config.StoreConfig;
import toystore.config.Topology.Node;
import toystore.toyctl.cluster.datadir.NodeLog;
import toystore.toyctl.cluster.datadir.RunFiles;

/** Starts the processes of the nodes and of the supervisor. They outlive this process. */
public final class NodeLauncher {
  private final ProcessCommands commands;
  private final NodeOverrides overrides;
  private final Path data;

  /**
   * @param configFile the user's settings file from which config was read, or null
   */
  public NodeLauncher(
      Distribution distribution, StoreConfig config, @Nullable Path configFile, Path data) {
    this(distribution, config, configFile, data, distribution.aotCaches());
  }

  /**
   * @param configFile the user's settings file from which config was read, or null
   * @param caches the AOT caches that the processes use, or write when they end
   */
  public NodeLauncher(
      Distribution distribution,
      StoreConfig config,
      @Nullable Path configFile,
      Path data,
      AotCaches caches) {
    this(distribution, config, NodeOverrides.sameFor(configFile), data, caches);
  }

  /**
   * @param overrides what differs between the nodes
   * @param caches the AOT caches that the processes use, or write when they end
   */
  public NodeLauncher(
      Distribution distribution,
      StoreConfig config,
      NodeOverrides overrides,
      Path data,
      AotCaches caches) {
    this.commands = new ProcessCommands(distribution, config, overrides, data, caches.ifCurrent());
    this.overrides = overrides;
    this.data = data;
  }

  /**
   * Starts a node and returns without waiting until it is ready.
   *
   * @param catalog the products of a new catalog, or null for the shipped ones
   * @param heal whether the node starts as a fresh member of its group
   */
  NodeProcess launch(Node node, @Nullable Path catalog, boolean heal) throws IOException {
    Path log = NodeLog.path(data, node.name()).toAbsolutePath();
    List<String> command = command(node, catalog);
    if (heal) {
      command.addAll(List.of("--heal", "yes"));
    }
    long logStart = Files.exists(log) ? Files.size(log) : 0;
    return new NodeProcess(node, start(command, log, overrides.environment(node)), log, logStart);
  }

  /** Starts the process that restarts nodes. */
  Process launchSupervisor(@Nullable Path catalog) throws IOException {
    Path log = NodeLog.path(data, RunFiles.SUPERVISOR).toAbsolutePath();
    return start(commands.supervisor(catalog), log, Map.of());
  }

  private Process start(List<String> command, Path log, Map<String, String> environment)
      throws IOException {
    Files.createDirectories(NodeLog.directory(data));
    return DetachedProcess.start(command, log, environment);
  }

  /**
   * The command line of a node, from the java executable on.
   *
   * @param catalog the products of a new catalog, or null for the shipped ones
   */
  public List<String> command(Node node, @Nullable Path catalog) {
    return commands.node(node, catalog);
  }

  /** The name of a role in AOT cache files and in reports: "catalog", "order" or "frontend". */
  public static String roleName(Role role) {
    return ProcessCommands.roleName(role);
  }
}
