package toystore.toyctl.cluster.status;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import toystore.config.Role;
import toystore.config.StoreConfig;
import toystore.config.StoreConfig.Node;
import toystore.protocol.message.NodeStatus;
import toystore.toyctl.cluster.ExitCode;
import toystore.toyctl.cluster.TextTable;
import toystore.toyctl.cluster.process.NodeLauncher;
import toystore.toyctl.cluster.process.RestartPolicy;
import toystore.toyctl.cluster.process.RunFile;

/**
 * The state of the store, put together from what was seen of each node at one time.
 *
 * @param leader the order leader
 * @param term its term
 * @param catalogLeader the catalog node that leads, where there are several
 */
public record StatusReport(
    Health health,
    @Nullable String leader,
    @Nullable Long term,
    @Nullable String catalogLeader,
    List<NodeView> nodes,
    @Nullable Long supervisor) {

  /** The store as a whole. */
  public enum Health {
    /** All nodes are ready and each group has a leader. */
    HEALTHY(ExitCode.OK),
    /** Each group has a leader, but something is not ready. A catalog of one is no group. */
    DEGRADED(ExitCode.DEGRADED),
    /** Something runs, but a group has no leader. */
    NO_QUORUM(ExitCode.NO_QUORUM),
    /** Nothing runs. */
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

  /** What a node is doing. */
  public enum State {
    READY,
    STARTING,
    /** The process lives but does not answer. */
    UNREACHABLE,
    STOPPED,
    /** The process is gone and nobody stopped it. */
    CRASHED;

    @JsonValue
    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * One node; what does not apply, or cannot be known now, is null.
   *
   * @param restarts how often the supervisor has started it since a person did
   * @param reason why it crashed, in its own words as far as it had any
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
   * What was seen of a node.
   *
   * @param local the node belongs to this host, so that no run file means that it does not run
   * @param run its run file, if any
   * @param alive the run file's process lives
   * @param lastWords what it said when it ended, if it ended and said anything
   */
  public record Sighting(
      Node node,
      boolean local,
      @Nullable RunFile run,
      boolean alive,
      ProbeResult probe,
      @Nullable String lastWords) {
    State state() {
      if (run != null && !alive) {
        return run.wish() == RunFile.Wish.STOP ? State.STOPPED : State.CRASHED;
      }
      return switch (probe) {
        case ProbeResult.Answered answer -> answer.status().ready() ? State.READY : State.STARTING;
        // Its process has not come to listening yet.
        case ProbeResult.Refused _ when run != null -> State.STARTING;
        case ProbeResult.Refused _ -> local ? State.STOPPED : State.UNREACHABLE;
        case ProbeResult.Silent _ -> local && run == null ? State.STOPPED : State.UNREACHABLE;
      };
    }

    /** Why it crashed, if it did. */
    @Nullable String reason() {
      if (run == null || state() != State.CRASHED) {
        return null;
      }
      String words = lastWords == null ? "killed, or ended without a word" : lastWords;
      return run.wish() == RunFile.Wish.LEFT_DOWN
          ? "left down after " + RestartPolicy.TOO_MANY + " failures within a minute: " + words
          : words;
    }

    boolean runs() {
      return alive || (run == null && probe instanceof ProbeResult.Answered);
    }

    @Nullable NodeStatus status() {
      State state = state();
      return (state == State.READY || state == State.STARTING)
              && probe instanceof ProbeResult.Answered answer
          ? answer.status()
          : null;
    }
  }

  /**
   * Puts the report together.
   *
   * @param supervisor pid of the supervisor that runs here, or null
   */
  public static StatusReport of(
      StoreConfig config, List<Sighting> sightings, @Nullable Long supervisor) {
    NodeStatus leader =
        sightings.stream()
            .filter(sighting -> sighting.status() != null)
            .flatMap(sighting -> leadership(Role.ORDER, sighting.probe).stream())
            .max(Comparator.comparingLong(StatusReport::term))
            .orElse(null);
    List<Sighting> catalogs =
        sightings.stream().filter(sighting -> sighting.node.role() == Role.CATALOG).toList();
    // One that has just taken over leads, but is starting: it waits for its predecessor's leases.
    NodeStatus catalogLeader =
        catalogs.stream()
            .map(Sighting::status)
            .flatMap(Stream::ofNullable)
            .filter(status -> catalogs.size() > 1 && status.node().equals(status.leader()))
            .max(Comparator.comparingLong(StatusReport::term))
            .orElse(null);
    List<NodeView> views = new ArrayList<>();
    for (Sighting sighting : sightings) {
      views.add(
          view(
              config,
              sighting,
              switch (sighting.node.role()) {
                case ORDER -> leader;
                case CATALOG -> catalogLeader;
                case FRONTEND -> null;
              }));
    }
    return new StatusReport(
        health(sightings, leader != null && (catalogs.size() == 1 || catalogLeader != null)),
        leader == null ? null : leader.node(),
        leader == null ? highestTerm(sightings) : leader.term(),
        catalogLeader == null ? null : catalogLeader.node(),
        List.copyOf(views),
        supervisor);
  }

  /** The node's own word that it leads the group of this role and serves. */
  public static Optional<NodeStatus> leadership(Role role, ProbeResult probe) {
    return probe instanceof ProbeResult.Answered answer
            && answer.status().ready()
            && (role == Role.ORDER
                ? answer.status().role().equals("leader")
                : answer.status().node().equals(answer.status().leader()))
        ? Optional.of(answer.status())
        : Optional.empty();
  }

  /** Of two that say they lead, the one with the higher term does (Raft §5.1). */
  public static long term(NodeStatus status) {
    Long term = status.term();
    return term == null ? -1 : term;
  }

  private static @Nullable Long highestTerm(List<Sighting> sightings) {
    OptionalLong highest =
        sightings.stream()
            .filter(sighting -> sighting.node.role() == Role.ORDER)
            .map(Sighting::status)
            .mapToLong(status -> status == null ? -1 : term(status))
            .max();
    return highest.isPresent() && highest.getAsLong() >= 0 ? highest.getAsLong() : null;
  }

  private static Health health(List<Sighting> sightings, boolean groupsHaveLeaders) {
    if (sightings.stream().noneMatch(Sighting::runs)) {
      return Health.DOWN;
    }
    if (!groupsHaveLeaders) {
      return Health.NO_QUORUM;
    }
    return sightings.stream().allMatch(sighting -> sighting.state() == State.READY)
        ? Health.HEALTHY
        : Health.DEGRADED;
  }

  private static NodeView view(StoreConfig config, Sighting sighting, @Nullable NodeStatus leader) {
    Node node = sighting.node;
    NodeStatus status = sighting.status();
    RunFile run = sighting.run;
    Long pid = sighting.alive && run != null ? Long.valueOf(run.pid()) : null;
    Integer restarts = run == null ? null : Integer.valueOf(run.restarts());
    if (status == null) {
      // Without an answer nobody knows whether an order replica leads or follows.
      String role = node.role() == Role.ORDER ? null : NodeLauncher.word(node.role());
      return new NodeView(
          node.name(),
          role,
          sighting.state(),
          pid,
          config.url(node),
          null,
          null,
          null,
          null,
          null,
          restarts,
          sighting.reason());
    }
    return new NodeView(
        node.name(),
        status.role(),
        sighting.state(),
        pid == null ? Long.valueOf(status.pid()) : pid,
        config.url(node),
        status.commitIndex(),
        status.appliedIndex(),
        leader == null ? null : lag(node, leader),
        status.orders(),
        (long) status.uptimeS(),
        restarts,
        null);
  }

  private static @Nullable Long lag(Node node, NodeStatus leader) {
    if (node.name().equals(leader.node())) {
      return 0L;
    }
    List<NodeStatus.PeerLag> peers = leader.peers();
    return peers == null
        ? null
        : peers.stream()
            .filter(peer -> peer.node().equals(node.name()))
            .map(NodeStatus.PeerLag::lag)
            .findFirst()
            .orElse(null);
  }

  /** A line for each node that crashed, each with a line break before it. */
  public String reasons() {
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
