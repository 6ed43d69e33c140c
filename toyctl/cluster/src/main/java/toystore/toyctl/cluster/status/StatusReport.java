package toystore.toyctl.cluster.status;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import toystore.config.StoreConfig;
import toystore.toyctl.cluster.ExitCode;
import toystore.toyctl.cluster.TextTable;

/**
 * The state of the store at one moment.
 *
 * @param leader the leader of the order group, or null if there is none
 * @param term the term of that leader; without a leader the highest term that a replica reports
 * @param catalogLeader the leader of the catalog group, or null if there is none or if the catalog
 *     has only one node
 * @param supervisor the pid of the supervisor on this host, or null if there is none
 * @param jvmProfile the name of the profile of JVM options that nodes get on this host
 */
public record StatusReport(
    Health health,
    @Nullable String leader,
    @Nullable Long term,
    @Nullable String catalogLeader,
    List<NodeView> nodes,
    @Nullable Long supervisor,
    String jvmProfile) {

  /** The state of the store as a whole. */
  public enum Health {
    /** All nodes are ready and each group has a leader. */
    HEALTHY(ExitCode.OK),
    /** Each group has a leader, but some node is not ready. A catalog of one node is no group. */
    DEGRADED(ExitCode.DEGRADED),
    /** Some node is running, but a group has no leader. */
    NO_QUORUM(ExitCode.NO_QUORUM),
    /** No node is running. */
    DOWN(ExitCode.NOT_RUNNING);

    private final int exitCode;

    Health(int exitCode) {
      this.exitCode = exitCode;
    }

    public int exitCode() {
      return exitCode;
    }

    @JsonValue
    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  /** The state of one node. */
  public enum State {
    READY,
    STARTING,
    /** The process is alive but does not answer. */
    UNREACHABLE,
    STOPPED,
    /** The process has ended although no user stopped it. */
    CRASHED;

    @JsonValue
    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * One node. A field is null if it does not apply to the node or cannot be known.
   *
   * @param uptimeS seconds since the process started
   * @param restarts how often the supervisor has restarted the node since a user started it
   * @param reason why the node crashed
   */
  public record NodeView(
      String node,
      @Nullable String role,
      State state,
      @Nullable Long pid,
      String url,
      @Nullable Long commitIndex,
      @Nullable Long appliedIndex,
      @Nullable Long lag,
      @Nullable Long orders,
      @Nullable Long uptimeS,
      @Nullable Integer restarts,
      @Nullable String reason) {}

  /**
   * Creates a report.
   *
   * @param supervisor the pid of the supervisor on this host, or null if there is none
   */
  public static StatusReport of(
      StoreConfig config, List<NodeObservation> observations, @Nullable Long supervisor) {
    return new StatusReportBuilder(config, observations).build(supervisor);
  }

  /** One line for each crashed node, each with a line break before it. */
  public String crashReasons() {
    return nodes.stream()
        .filter(view -> view.reason != null)
        .map(view -> "\n" + view.node + " " + view.state + ": " + view.reason)
        .collect(Collectors.joining());
  }

  public TextTable table() {
    TextTable table =
        new TextTable(
            "NODE", "ROLE", "STATE", "PID", "URL", "COMMIT", "APPLIED", "LAG", "ORDERS", "UPTIME");
    for (NodeView view : nodes) {
      table.row(
          view.node,
          view.role,
          view.state,
          view.pid,
          view.url,
          view.commitIndex,
          view.appliedIndex,
          view.lag,
          view.orders,
          view.uptimeS == null ? null : view.uptimeS + "s");
    }
    return table;
  }
}
