package toystore.tests.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.extension.TestWatcher;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import toystore.config.Role;
import toystore.toyctl.chaos.ChaosExperiment;
import toystore.toyctl.chaos.PromiseReport;
import toystore.toyctl.chaos.check.WorkloadProfile;
import toystore.toyctl.chaos.faults.DiskFault;
import toystore.toyctl.chaos.faults.DiskFaultShim;
import toystore.toyctl.chaos.faults.Fault;
import toystore.toyctl.chaos.faults.FaultyNetwork;
import toystore.toyctl.chaos.faults.FullDiskFault;
import toystore.toyctl.chaos.faults.KillFault;
import toystore.toyctl.chaos.faults.LinkConditions;
import toystore.toyctl.chaos.faults.LoopDisk;
import toystore.toyctl.chaos.faults.NetworkFault;
import toystore.toyctl.chaos.faults.PauseFault;
import toystore.toyctl.chaos.faults.PowerLossFault;
import toystore.toyctl.chaos.faults.ResourceLimitFault;
import toystore.toyctl.chaos.store.ThrowawayStore;
import toystore.toyctl.chaos.store.ThrowawayStorePlan;

/**
 * Injects every kind of fault into one store under load, and checks every promise after each fault
 * (P1 to P6). {@code toyctl chaos --duration 1h} is the long form of this test.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class FaultMatrixTest {
  private static final List<String> PRODUCTS = List.of("Tux", "Fox", "Lego");
  private static final Duration TIMEOUT = Duration.ofSeconds(20);
  private static final int CLIENTS = 4;

  private final long seed = System.nanoTime();
  private final Random random = new Random(seed);
  private final ThrowawayStore store;
  private final ChaosExperiment experiment;

  FaultMatrixTest() throws IOException, InterruptedException {
    System.out.println("seed " + seed);
    store =
        ThrowawayStore.start(
            ThrowawayStorePlan.minimal(seed)
                .withFrontEnds(2)
                .withAllFaults()
                .withSettings(Map.of("catalog.doubt-after", "2s")));
    experiment =
        ChaosExperiment.start(
            store,
            PRODUCTS,
            WorkloadProfile.BUYERS.withPause(Duration.ofMillis(20)),
            CLIENTS,
            seed,
            System.out::println);
  }

  /** Prints the logs of the nodes after a failure, before the store is deleted. */
  @RegisterExtension
  final TestWatcher evidence =
      new TestWatcher() {
        @Override
        public void testFailed(ExtensionContext context, Throwable cause) {
          try {
            System.out.println(context.getDisplayName() + " failed: " + cause + store.evidence());
          } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
          }
        }
      };

  @BeforeAll
  void awaitLoad() throws InterruptedException {
    experiment.awaitPurchases(2);
  }

  /** After each fault, clients are served again, and all promises hold. */
  @AfterEach
  void allPromisesHold() throws InterruptedException {
    experiment.awaitPurchases(2);
    assertHolds(experiment.verify());
  }

  private static void assertHolds(PromiseReport report) {
    assertThat(report.findings()).isEmpty();
    assertThat(report.holds()).as(report.toString()).isTrue();
  }

  @AfterAll
  void allPromisesHoldAtRest() throws InterruptedException {
    try (store;
        experiment) {
      PromiseReport report = experiment.finish();
      System.out.println(report);
      assertHolds(report);
      assertThat(report.ledger().acknowledged()).isPositive();
    }
  }

  private String leader() throws InterruptedException {
    return store.awaitLeader(null, TIMEOUT);
  }

  private String follower() throws InterruptedException {
    String leader = leader();
    return anyOf(store.names(Role.ORDER).stream().filter(node -> !node.equals(leader)).toList());
  }

  private String anyOf(List<String> names) {
    return names.get(random.nextInt(names.size()));
  }

  private void injectUntilServed(Fault fault) throws IOException, InterruptedException {
    experiment.inject(fault, () -> experiment.awaitPurchases(2));
  }

  private KillFault kill(String... nodes) {
    return new KillFault(store, List.of(nodes));
  }

  // Must run first: other cases kill front ends to which clients have open connections.
  @Test
  @Order(1)
  @DisplayName("The leader is killed: clients wait, but see no error")
  void leaderIsKilled() throws Exception {
    long errors =
        experiment.monitor().unavailable().sum() + experiment.monitor().unanswered().sum();

    injectUntilServed(kill(leader()));

    assertThat(experiment.monitor().unavailable().sum() + experiment.monitor().unanswered().sum())
        .as("a failover delays requests, but does not fail them (P6)")
        .isEqualTo(errors);
  }

  @Test
  @DisplayName("A follower is killed")
  void followerIsKilled() throws Exception {
    injectUntilServed(kill(follower()));
  }

  @Test
  @DisplayName("The catalog is killed during purchases")
  void catalogIsKilledDuringPurchases() throws Exception {
    experiment.inject(kill("catalog"), () -> {});
  }

  @Test
  @DisplayName("A front end is killed during purchases")
  void frontEndIsKilledDuringPurchases() throws Exception {
    injectUntilServed(kill(anyOf(store.names(Role.FRONTEND))));
  }

  @Test
  @DisplayName("All nodes are killed at once")
  void allNodesAreKilledAtOnce() throws Exception {
    experiment.inject(new KillFault(store, store.names()), () -> {});
  }

  @Test
  @DisplayName("Concurrent retries with the same key during a failover buy once")
  void retryStormDuringAFailoverBuysOnce() throws Exception {
    experiment.inject(kill(leader()), () -> experiment.retryStorm(8, 4));
  }

  @ParameterizedTest
  @ValueSource(longs = {100, 700, 3000})
  @DisplayName("The leader is paused")
  void leaderIsPaused(long ms) throws Exception {
    experiment.inject(
        new PauseFault(store, leader()),
        ChaosExperiment.FaultAction.waitFor(Duration.ofMillis(ms)));
  }

  @Test
  @DisplayName("A front end is paused for longer than its lease")
  void frontEndIsPausedForLongerThanItsLease() throws Exception {
    injectUntilServed(new PauseFault(store, "frontend-2"));
  }

  private FaultyNetwork network() {
    return store.network().orElseThrow();
  }

  @Test
  @DisplayName("The leader is partitioned from all nodes")
  void leaderIsPartitioned() throws Exception {
    injectUntilServed(
        NetworkFault.bothWays(network(), leader(), store.names(), LinkConditions.CUT));
  }

  @Test
  @DisplayName("A follower is partitioned from all nodes")
  void followerIsPartitioned() throws Exception {
    injectUntilServed(
        NetworkFault.bothWays(network(), follower(), store.names(), LinkConditions.CUT));
  }

  @Test
  @DisplayName("Nothing that the leader sends arrives")
  void leaderCannotSend() throws Exception {
    injectUntilServed(
        NetworkFault.outgoing(network(), leader(), store.names(), LinkConditions.CUT));
  }

  @Test
  @DisplayName("Nothing that the other replicas send to the leader arrives")
  void leaderCannotReceiveFromReplicas() throws Exception {
    String leader = leader();

    injectUntilServed(
        NetworkFault.incoming(network(), leader, store.names(Role.ORDER), LinkConditions.CUT));
  }

  @Test
  @DisplayName("A front end is partitioned from the catalog")
  void frontEndIsPartitionedFromTheCatalog() throws Exception {
    injectUntilServed(
        NetworkFault.bothWays(
            network(), "frontend-2", store.names(Role.CATALOG), LinkConditions.CUT));
  }

  @Test
  @DisplayName("The network of the leader is slow and loses packets")
  void networkIsSlowAndLossy() throws Exception {
    LinkConditions bad =
        new LinkConditions(false, Duration.ofMillis(20), Duration.ofMillis(40), 0.05);

    injectUntilServed(NetworkFault.bothWays(network(), leader(), store.names(), bad));
  }

  @Test
  @DisplayName("A follower with a full disk halts, and recovers when it has space")
  void followerHaltsOnAFullDiskAndRecovers() throws Exception {
    assumeThat(store.loopDisks()).as("needs root and loop devices").isNotEmpty();
    String node = follower();
    LoopDisk disk = Objects.requireNonNull(store.loopDisks().get(node));

    experiment.inject(new FullDiskFault(store, node, disk), () -> awaitHalt(node));

    assertThat(store.exitReason(node)).containsIgnoringCase("space");
  }

  @Test
  @DisplayName("A leader halts when a sync fails")
  void leaderHaltsWhenASyncFails() throws Exception {
    assumeThat(store.diskFaultLibraries()).as("needs Linux and gcc").isNotEmpty();
    String node = leader();

    experiment.inject(diskFault(node, new DiskFault.FailedSyncs()), () -> awaitHalt(node));
  }

  @Test
  @DisplayName("A replica is killed in the middle of a write")
  void replicaIsKilledInTheMiddleOfAWrite() throws Exception {
    assumeThat(store.diskFaultLibraries()).as("needs Linux and gcc").isNotEmpty();
    String node = anyOf(store.names(Role.ORDER));

    experiment.inject(
        diskFault(node, new DiskFault.KilledAtWrite(1 + random.nextInt(40))),
        () -> awaitHalt(node));
  }

  @Test
  @DisplayName("The leader runs out of files and connections")
  void leaderRunsOutOfFilesAndConnections() throws Exception {
    assumeThat(ResourceLimitFault.isSupported()).as("needs prlimit").isTrue();

    injectUntilServed(ResourceLimitFault.ofFiles(store, leader(), 2));
  }

  @Test
  @DisplayName("The leader runs out of memory")
  void leaderRunsOutOfMemory() throws Exception {
    assumeThat(ResourceLimitFault.isSupported()).as("needs prlimit").isTrue();

    injectUntilServed(ResourceLimitFault.ofMemory(store, leader(), 1));
  }

  private DiskFault diskFault(String node, DiskFault.Kind kind) {
    DiskFaultShim library = Objects.requireNonNull(store.diskFaultLibraries().get(node));
    return new DiskFault(store, node, library, kind);
  }

  private void awaitHalt(String node) {
    Awaitility.await("end of " + node).atMost(TIMEOUT).until(() -> !store.isRunning(node));
  }

  @Test
  @DisplayName("All replicas and the catalog lose power at once")
  void allReplicasAndTheCatalogLosePower() throws Exception {
    assumeThat(store.loopDisks()).as("needs root and loop devices").isNotEmpty();

    experiment.inject(new PowerLossFault(store, store.loopDisks()), () -> {});
  }
}
