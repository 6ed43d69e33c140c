package toystore.toyctl.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import toystore.config.StoreConfig;
import toystore.config.StoreConfig.Node;
import toystore.protocol.message.NodeStatus;
import toystore.toyctl.cluster.process.RunFile;
import toystore.toyctl.cluster.status.ProbeResult;
import toystore.toyctl.cluster.status.StatusReport;
import toystore.toyctl.cluster.status.StatusReport.Health;
import toystore.toyctl.cluster.status.StatusReport.Sighting;
import toystore.toyctl.cluster.status.StatusReport.State;

class StatusReportTest {
  private static final ProbeResult REFUSED = new ProbeResult.Refused();
  private static final ProbeResult SILENT = new ProbeResult.Silent("no answer in time");

  private final StoreConfig config = new CliHarness(Path.of("unused"), 12_500).config();

  @Test
  void aStoreWithALeaderAndAllNodesReadyIsHealthy() {
    StatusReport report = report(sighting -> sighting);

    assertThat(report.health()).isEqualTo(Health.HEALTHY);
    assertThat(report.leader()).isEqualTo("order-3");
    assertThat(report.term()).isEqualTo(4L);
    assertThat(view(report, "order-3").lag()).isZero();
    assertThat(view(report, "order-1").lag()).isEqualTo(7L);
    assertThat(view(report, "catalog").lag()).isNull();
    assertThat(report.health().exitCode()).isZero();
  }

  @Test
  void aStoppedReplicaDegradesTheStore() {
    StatusReport report =
        report(
            s -> is(s, "order-1") ? new Sighting(s.node(), true, null, false, REFUSED, null) : s);

    assertThat(report.health()).isEqualTo(Health.DEGRADED);
    assertThat(view(report, "order-1").state()).isEqualTo(State.STOPPED);
    assertThat(view(report, "order-1").role()).isNull();
    assertThat(report.health().exitCode()).isEqualTo(10);
  }

  @Test
  void aNodeWhoseProcessIsGoneHasCrashedEvenIfSomeoneElseAnswersThere() {
    StatusReport report =
        report(
            s ->
                is(s, "order-1")
                    ? new Sighting(s.node(), true, run(s), false, s.probe(), null)
                    : s);

    assertThat(view(report, "order-1").state()).isEqualTo(State.CRASHED);
    assertThat(view(report, "order-1").pid()).isNull();
    assertThat(report.health()).isEqualTo(Health.DEGRADED);
  }

  @Test
  void aLiveProcessThatDoesNotAnswerIsUnreachableAndOneThatDoesNotListenYetIsStarting() {
    StatusReport report =
        report(
            s ->
                switch (s.node().name()) {
                  case "order-1" -> new Sighting(s.node(), true, run(s), true, SILENT, null);
                  case "order-2" -> new Sighting(s.node(), true, run(s), true, REFUSED, null);
                  default -> s;
                });

    assertThat(view(report, "order-1").state()).isEqualTo(State.UNREACHABLE);
    assertThat(view(report, "order-1").pid()).isEqualTo(77L);
    assertThat(view(report, "order-2").state()).isEqualTo(State.STARTING);
    assertThat(report.health()).isEqualTo(Health.DEGRADED);
  }

  @Test
  void aNodeOfAnotherHostIsKnownByWhatItAnswersOnly() {
    StatusReport report =
        report(
            s ->
                switch (s.node().name()) {
                  case "order-1" -> new Sighting(s.node(), false, null, false, s.probe(), null);
                  case "order-2" -> new Sighting(s.node(), false, null, false, REFUSED, null);
                  default -> s;
                });

    assertThat(view(report, "order-1").state()).isEqualTo(State.READY);
    assertThat(view(report, "order-1").pid()).isEqualTo(99L);
    assertThat(view(report, "order-2").state()).isEqualTo(State.UNREACHABLE);
  }

  @Test
  void withoutALeaderThereIsNoQuorum() {
    StatusReport report =
        report(
            s ->
                is(s, "order-3") || is(s, "order-2")
                    ? new Sighting(s.node(), true, null, false, REFUSED, null)
                    : s);

    assertThat(report.health()).isEqualTo(Health.NO_QUORUM);
    assertThat(report.leader()).isNull();
    assertThat(report.term()).isEqualTo(4L);
    assertThat(report.health().exitCode()).isEqualTo(11);
  }

  @Test
  void aLeaderThatStillStartsCannotServe() {
    StatusReport report =
        report(
            s ->
                is(s, "order-3")
                    ? answered(s.node(), status("order-3", "leader", "starting", 5))
                    : s);

    assertThat(report.health()).isEqualTo(Health.NO_QUORUM);
  }

  @Test
  void ofTwoThatSayTheyLeadTheOneWithTheHigherTermDoes() {
    StatusReport report =
        report(
            s ->
                is(s, "order-2") ? answered(s.node(), status("order-2", "leader", "ready", 5)) : s);

    assertThat(report.leader()).isEqualTo("order-2");
    assertThat(report.term()).isEqualTo(5L);
  }

  @Test
  void withNothingRunningTheStoreIsDown() {
    StatusReport report =
        report(
            s ->
                new Sighting(
                    s.node(), true, is(s, "order-1") ? run(s) : null, false, REFUSED, null));

    assertThat(report.health()).isEqualTo(Health.DOWN);
    assertThat(view(report, "order-1").state()).isEqualTo(State.CRASHED);
    assertThat(report.health().exitCode()).isEqualTo(3);
  }

  @Test
  void oneOfThreeCatalogsAndOneOfTwoFrontEndsOnlyDegrade() {
    StoreConfig grown = config.withCatalogReplicas(3).withFrontends(2);
    StatusReport all = report(grown, sighting -> sighting);
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
  void aCatalogGroupWithoutALeaderHasNoQuorum() {
    StoreConfig grown = config.withCatalogReplicas(3);
    StatusReport report =
        report(grown, s -> is(s, "catalog-3") || is(s, "catalog-2") ? stopped(s) : s);

    assertThat(report.health()).isEqualTo(Health.NO_QUORUM);
    assertThat(report.catalogLeader()).isNull();
    assertThat(report.leader()).as("the orders still have one").isEqualTo("order-3");
  }

  @Test
  void aCatalogThatHasJustTakenOverLeadsAlthoughItIsStarting() {
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
  void aCatalogOfOneIsNoGroup() {
    StatusReport report = report(s -> is(s, "catalog") ? stopped(s) : s);

    assertThat(report.health()).isEqualTo(Health.DEGRADED);
    assertThat(report.catalogLeader()).isNull();
  }

  private static Sighting stopped(Sighting sighting) {
    return new Sighting(sighting.node(), true, null, false, REFUSED, null);
  }

  private StatusReport report(UnaryOperator<Sighting> change) {
    return report(config, change);
  }

  private StatusReport report(StoreConfig config, UnaryOperator<Sighting> change) {
    List<Sighting> sightings = new ArrayList<>();
    for (Node node : config.nodes()) {
      String role =
          switch (node.role()) {
            case CATALOG -> "catalog";
            case FRONTEND -> "frontend";
            case ORDER -> node.name().equals("order-3") ? "leader" : "follower";
          };
      sightings.add(change.apply(answered(node, status(node.name(), role, "ready", 4))));
    }
    return StatusReport.of(config, sightings, null);
  }

  private static Sighting answered(Node node, NodeStatus status) {
    Sighting bare = new Sighting(node, true, null, false, REFUSED, null);
    return new Sighting(node, true, run(bare), true, new ProbeResult.Answered(status), null);
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

  private static RunFile run(Sighting sighting) {
    return new RunFile(sighting.node().name(), 77, 0, "http://127.0.0.1:1", 0, RunFile.Wish.RUN, 0);
  }

  private static boolean is(Sighting sighting, String name) {
    return sighting.node().name().equals(name);
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
