package toystore.toyctl.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import toystore.config.StoreConfig;
import toystore.config.Topology.Node;
import toystore.protocol.message.NodeStatus;
import toystore.toyctl.cluster.datadir.RunFile;
import toystore.toyctl.cluster.nodes.ProbeResult;
import toystore.toyctl.cluster.status.NodeObservation;
import toystore.toyctl.cluster.status.StatusReport;
import toystore.toyctl.cluster.status.StatusReport.Health;
import toystore.toyctl.cluster.status.StatusReport.State;

class StatusReportTest {
  private static final ProbeResult REFUSED = new ProbeResult.Refused();
  private static final ProbeResult SILENT = new ProbeResult.Silent("no answer in time");

  private final StoreConfig config = new CliHarness(Path.of("unused"), 12_500).config();

  @Test
  @DisplayName("A store with a leader whose nodes are all ready is healthy")
  void storeWithLeaderAndReadyNodesIsHealthy() {
    StatusReport report = report(observation -> observation);

    assertThat(report.health()).isEqualTo(Health.HEALTHY);
    assertThat(report.leader()).isEqualTo("order-3");
    assertThat(report.term()).isEqualTo(4L);
    assertThat(view(report, "order-3").lag()).isZero();
    assertThat(view(report, "order-1").lag()).isEqualTo(7L);
    assertThat(view(report, "catalog").lag()).isNull();
    assertThat(report.health().exitCode()).isZero();
  }

  @Test
  @DisplayName("A stopped replica makes the store degraded")
  void stoppedReplicaDegradesTheStore() {
    StatusReport report =
        report(
            s ->
                is(s, "order-1")
                    ? new NodeObservation(s.node(), true, null, false, REFUSED, null)
                    : s);

    assertThat(report.health()).isEqualTo(Health.DEGRADED);
    assertThat(view(report, "order-1").state()).isEqualTo(State.STOPPED);
    assertThat(view(report, "order-1").role()).isNull();
    assertThat(report.health().exitCode()).isEqualTo(10);
  }

  @Test
  @DisplayName("A node whose process has ended has crashed, even if another process answers")
  void endedProcessMeansCrashed() {
    StatusReport report =
        report(
            s ->
                is(s, "order-1")
                    ? new NodeObservation(s.node(), true, run(s), false, s.probe(), null)
                    : s);

    assertThat(view(report, "order-1").state()).isEqualTo(State.CRASHED);
    assertThat(view(report, "order-1").pid()).isNull();
    assertThat(report.health()).isEqualTo(Health.DEGRADED);
  }

  @Test
  @DisplayName(
      "A live process that does not answer is unreachable; one that does not listen is starting")
  void liveProcessIsUnreachableOrStarting() {
    StatusReport report =
        report(
            s ->
                switch (s.node().name()) {
                  case "order-1" -> new NodeObservation(s.node(), true, run(s), true, SILENT, null);
                  case "order-2" ->
                      new NodeObservation(s.node(), true, run(s), true, REFUSED, null);
                  default -> s;
                });

    assertThat(view(report, "order-1").state()).isEqualTo(State.UNREACHABLE);
    assertThat(view(report, "order-1").pid()).isEqualTo(77L);
    assertThat(view(report, "order-2").state()).isEqualTo(State.STARTING);
    assertThat(report.health()).isEqualTo(Health.DEGRADED);
  }

  @Test
  @DisplayName("The state of a node on another host follows from its answers alone")
  void remoteNodeIsKnownByItsAnswers() {
    StatusReport report =
        report(
            s ->
                switch (s.node().name()) {
                  case "order-1" ->
                      new NodeObservation(s.node(), false, null, false, s.probe(), null);
                  case "order-2" ->
                      new NodeObservation(s.node(), false, null, false, REFUSED, null);
                  default -> s;
                });

    assertThat(view(report, "order-1").state()).isEqualTo(State.READY);
    assertThat(view(report, "order-1").pid()).isEqualTo(99L);
    assertThat(view(report, "order-2").state()).isEqualTo(State.UNREACHABLE);
  }

  @Test
  @DisplayName("Without a leader the store has no quorum")
  void noLeaderMeansNoQuorum() {
    StatusReport report =
        report(
            s ->
                is(s, "order-3") || is(s, "order-2")
                    ? new NodeObservation(s.node(), true, null, false, REFUSED, null)
                    : s);

    assertThat(report.health()).isEqualTo(Health.NO_QUORUM);
    assertThat(report.leader()).isNull();
    assertThat(report.term()).isEqualTo(4L);
    assertThat(report.health().exitCode()).isEqualTo(11);
  }

  @Test
  @DisplayName("A leader that is still starting does not count as leader")
  void startingLeaderMeansNoQuorum() {
    StatusReport report =
        report(
            s ->
                is(s, "order-3")
                    ? answered(s.node(), status("order-3", "leader", "starting", 5))
                    : s);

    assertThat(report.health()).isEqualTo(Health.NO_QUORUM);
  }

  @Test
  @DisplayName("If two replicas claim to lead, the one with the higher term does")
  void higherTermWins() {
    StatusReport report =
        report(
            s ->
                is(s, "order-2") ? answered(s.node(), status("order-2", "leader", "ready", 5)) : s);

    assertThat(report.leader()).isEqualTo("order-2");
    assertThat(report.term()).isEqualTo(5L);
  }

  @Test
  @DisplayName("If no node is running, the store is down")
  void storeWithoutRunningNodesIsDown() {
    StatusReport report =
        report(
            s ->
                new NodeObservation(
                    s.node(), true, is(s, "order-1") ? run(s) : null, false, REFUSED, null));

    assertThat(report.health()).isEqualTo(Health.DOWN);
    assertThat(view(report, "order-1").state()).isEqualTo(State.CRASHED);
    assertThat(report.health().exitCode()).isEqualTo(3);
  }

  @Test
  @DisplayName(
      "One stopped catalog of three, or one stopped front end of two, makes the store degraded")
  void oneStoppedNodeOfAGroupOnlyDegrades() {
    StoreConfig grown = config.withCatalogReplicas(3).withFrontends(2);
    StatusReport all = report(grown, observation -> observation);
    assertThat(all.health()).isEqualTo(Health.HEALTHY);
    assertThat(all.catalogLeader()).isEqualTo("catalog-3");
    assertThat(view(all, "catalog-3").role()).isEqualTo("catalog");
    assertThat(view(all, "catalog-3").lag()).isZero();

    for (String down : List.of("catalog", "catalog-2", "frontend", "frontend-2")) {
      assertThat(report(grown, s -> is(s, down) ? stopped(s) : s).health())
          .as(down)
          .isEqualTo(Health.DEGRADED);
    }
  }

  @Test
  @DisplayName("A catalog group without a leader has no quorum")
  void catalogGroupWithoutLeaderHasNoQuorum() {
    StoreConfig grown = config.withCatalogReplicas(3);
    StatusReport report =
        report(grown, s -> is(s, "catalog-3") || is(s, "catalog-2") ? stopped(s) : s);

    assertThat(report.health()).isEqualTo(Health.NO_QUORUM);
    assertThat(report.catalogLeader()).isNull();
    assertThat(report.leader()).as("the order group still has a leader").isEqualTo("order-3");
  }

  @Test
  @DisplayName("A catalog that has just taken over is the leader although it is still starting")
  void startingCatalogCanBeLeader() {
    StoreConfig grown = config.withCatalogReplicas(3);
    StatusReport report =
        report(
            grown,
            s ->
                is(s, "catalog-3")
                    ? answered(s.node(), status("catalog-3", "catalog", "starting", 5))
                    : s);

    assertThat(report.health()).isEqualTo(Health.DEGRADED);
    assertThat(report.catalogLeader()).isEqualTo("catalog-3");
  }

  @Test
  @DisplayName("A single catalog that is stopped makes the store degraded and has no leader")
  void singleCatalogIsNoGroup() {
    StatusReport report = report(s -> is(s, "catalog") ? stopped(s) : s);

    assertThat(report.health()).isEqualTo(Health.DEGRADED);
    assertThat(report.catalogLeader()).isNull();
  }

  private static NodeObservation stopped(NodeObservation observation) {
    return new NodeObservation(observation.node(), true, null, false, REFUSED, null);
  }

  private StatusReport report(UnaryOperator<NodeObservation> change) {
    return report(config, change);
  }

  private StatusReport report(StoreConfig config, UnaryOperator<NodeObservation> change) {
    List<NodeObservation> observations = new ArrayList<>();
    for (Node node : config.nodes()) {
      String role =
          switch (node.role()) {
            case CATALOG -> "catalog";
            case FRONTEND -> "frontend";
            case ORDER -> node.name().equals("order-3") ? "leader" : "follower";
          };
      observations.add(change.apply(answered(node, status(node.name(), role, "ready", 4))));
    }
    return StatusReport.of(config, observations, null);
  }

  private static NodeObservation answered(Node node, NodeStatus status) {
    NodeObservation bare = new NodeObservation(node, true, null, false, REFUSED, null);
    return new NodeObservation(node, true, run(bare), true, new ProbeResult.Answered(status), null);
  }

  private NodeStatus status(String node, String role, String state, long term) {
    boolean order = node.startsWith("order");
    boolean catalog = node.startsWith("catalog");
    return new NodeStatus(
        node,
        role,
        state,
        config.cluster(),
        catalog ? "catalog-3" : "order-3",
        order || catalog ? term : null,
        9L,
        9L,
        order ? 20L : null,
        null,
        null,
        role.equals("leader") ? List.of(new NodeStatus.PeerLag("order-1", 7)) : null,
        99,
        4.9);
  }

  private static RunFile run(NodeObservation observation) {
    return new RunFile(
        observation.node().name(), 77, 0, "http://127.0.0.1:1", 0, RunFile.DesiredState.RUN, 0);
  }

  private static boolean is(NodeObservation observation, String name) {
    return observation.node().name().equals(name);
  }

  private static StatusReport.NodeView view(StatusReport report, String node) {
    StatusReport.@Nullable NodeView found = null;
    for (StatusReport.NodeView view : report.nodes()) {
      if (view.node().equals(node)) {
        found = view;
      }
    }
    if (found == null) {
      throw new AssertionError("no " + node);
    }
    return found;
  }
}
