package toystore.toyctl.cluster.status;

import java.util.Comparator;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import toystore.config.JvmProfile;
import toystore.config.Role;
import toystore.config.StoreConfig;
import toystore.config.Topology.Node;
import toystore.protocol.message.NodeStatus;
import toystore.toyctl.cluster.datadir.RunFile;
import toystore.toyctl.cluster.nodes.GroupLeader;
import toystore.toyctl.cluster.process.NodeLauncher;
import toystore.toyctl.cluster.status.StatusReport.Health;
import toystore.toyctl.cluster.status.StatusReport.NodeView;
import toystore.toyctl.cluster.status.StatusReport.State;

/** Derives the state of the store from observations of its nodes. */
final class StatusReportBuilder {
  private final StoreConfig config;
  private final List<NodeObservation> observations;
  private final @Nullable NodeStatus leader;
  private final @Nullable NodeStatus catalogLeader;
  private final boolean singleCatalog;

  StatusReportBuilder(StoreConfig config, List<NodeObservation> observations) {
    this.config = config;
    this.observations = observations;
    this.singleCatalog = withRole(Role.CATALOG).count() == 1;
    this.leader =
        GroupLeader.among(
                observations.stream()
                    .filter(observation -> observation.status() != null)
                    .map(NodeObservation::probe),
                Role.ORDER)
            .orElse(null);
    this.catalogLeader = singleCatalog ? null : findCatalogLeader();
  }

  private Stream<NodeObservation> withRole(Role role) {
    return observations.stream().filter(observation -> observation.node().role() == role);
  }

  /**
   * A catalog that has just taken over is the leader although it is still starting: it waits until
   * the leases that its predecessor granted have expired.
   */
  private @Nullable NodeStatus findCatalogLeader() {
    return withRole(Role.CATALOG)
        .map(NodeObservation::status)
        .flatMap(Stream::ofNullable)
        .filter(status -> status.node().equals(status.leader()))
        .max(Comparator.comparingLong(GroupLeader::term))
        .orElse(null);
  }

  StatusReport build(@Nullable Long supervisor) {
    return new StatusReport(
        health(),
        leader == null ? null : leader.node(),
        leader == null ? highestTerm() : leader.term(),
        catalogLeader == null ? null : catalogLeader.node(),
        observations.stream().map(this::view).toList(),
        supervisor,
        JvmProfile.nameForThisMachine(config.jvm()));
  }

  private @Nullable Long highestTerm() {
    OptionalLong highest =
        withRole(Role.ORDER)
            .map(NodeObservation::status)
            .mapToLong(status -> status == null ? -1 : GroupLeader.term(status))
            .max();
    return highest.isPresent() && highest.getAsLong() >= 0 ? highest.getAsLong() : null;
  }

  private Health health() {
    if (observations.stream().noneMatch(NodeObservation::running)) {
      return Health.DOWN;
    }
    if (leader == null || (!singleCatalog && catalogLeader == null)) {
      return Health.NO_QUORUM;
    }
    return observations.stream().allMatch(observation -> observation.state() == State.READY)
        ? Health.HEALTHY
        : Health.DEGRADED;
  }

  private NodeView view(NodeObservation observation) {
    Node node = observation.node();
    NodeStatus status = observation.status();
    RunFile run = observation.run();
    Long pid = observation.alive() && run != null ? Long.valueOf(run.pid()) : null;
    Integer restarts = run == null ? null : Integer.valueOf(run.restarts());
    if (status == null) {
      // Without an answer it is unknown whether an order replica is leader or follower.
      String role = node.role() == Role.ORDER ? null : NodeLauncher.roleName(node.role());
      return new NodeView(
          node.name(),
          role,
          observation.state(),
          pid,
          config.url(node),
          null,
          null,
          null,
          null,
          null,
          restarts,
          observation.crashReason());
    }
    return new NodeView(
        node.name(),
        status.role(),
        observation.state(),
        pid == null ? Long.valueOf(status.pid()) : pid,
        config.url(node),
        status.commitIndex(),
        status.appliedIndex(),
        lag(node),
        status.orders(),
        (long) status.uptimeS(),
        restarts,
        null);
  }

  private @Nullable Long lag(Node node) {
    NodeStatus groupLeader =
        switch (node.role()) {
          case ORDER -> leader;
          case CATALOG -> catalogLeader;
          case FRONTEND -> null;
        };
    if (groupLeader == null) {
      return null;
    }
    if (node.name().equals(groupLeader.node())) {
      return 0L;
    }
    List<NodeStatus.PeerLag> peers = groupLeader.peers();
    return peers == null
        ? null
        : peers.stream()
            .filter(peer -> peer.node().equals(node.name()))
            .map(NodeStatus.PeerLag::lag)
            .findFirst()
            .orElse(null);
  }
}
