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
import toystore.toyctl.chaos.FaultTrial;
import toystore.toyctl.chaos.PromiseReport;
import toystore.toyctl.chaos.ThrowawayStore;
import toystore.toyctl.chaos.check.ShopperProfile;
import toystore.toyctl.chaos.faults.DiskFault;
import toystore.toyctl.chaos.faults.DiskFaultLibrary;
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

/**
 * Every kind of fault, done to one store in which clients never stop shopping; after each, every
 * promise is checked (P1 to P6). The long form is {@code toyctl chaos --duration 1h}.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class FaultMatrixTest {
  private static final List<String> PRODUCTS = List.of("Tux", "Fox", "Lego");
  private static final Duration LONG_ENOUGH = Duration.ofSeconds(20);
  private static final int CLIENTS = 4;

  private final long seed = System.nanoTime();
  private final Random random = new Random(seed);
  private final ThrowawayStore store;
  private final FaultTrial trial;

  FaultMatrixTest() throws IOException, InterruptedException {
    System.out.println("seed " + seed);
    store =
        ThrowawayStore.up(
            ThrowawayStore.Plan.plain(seed)
                .withFrontEnds(2)
                .withAllFaults()
                .with(Map.of("catalog.doubt-after", "2s")));
    trial =
        FaultTrial.begin(
            store,
            PRODUCTS,
            ShopperProfile.BUYERS.thinking(Duration.ofMillis(20)),
            CLIENTS,
            seed,
            System.out::println);
  }

  /** Before the store is gone: what its nodes did when something did not hold. */
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
  void shop() throws InterruptedException {
    trial.awaitProgress(2);
  }

  /** After each fault clients are served again, and nothing that they were ever told is untrue. */
  @AfterEach
  void allPromisesHold() throws InterruptedException {
    trial.awaitProgress(2);
    assertHolds(trial.prove());
  }

  private static void assertHolds(PromiseReport proof) {
    assertThat(proof.findings()).isEmpty();
    assertThat(proof.holds()).as(proof.toString()).isTrue();
  }

  @AfterAll
  void allPromisesHoldAtRest() throws InterruptedException {
    try (store;
        trial) {
      PromiseReport proof = trial.end();
      System.out.println(proof);
      assertHolds(proof);
      assertThat(proof.ledger().acknowledged()).isPositive();
    }
  }

  private String leader() throws InterruptedException {
    return store.awaitLeader(null, LONG_ENOUGH);
  }

  private String follower() throws InterruptedException {
    String leader = leader();
    return anyOf(store.names(Role.ORDER).stream().filter(node -> !node.equals(leader)).toList());
  }

  private String anyOf(List<String> names) {
    return names.get(random.nextInt(names.size()));
  }

  private void untilServed(Fault fault) throws IOException, InterruptedException {
    trial.suffer(fault, () -> trial.awaitProgress(2));
  }

  private KillFault kill(String... nodes) {
    return new KillFault(store, List.of(nodes));
  }

  // First: clients keep connections to front ends that other cases kill.
  @Test
  @Order(1)
  void withoutItsLeaderTheStoreGoesOn() throws Exception {
    long errors = trial.checks().errors().sum() + trial.checks().disturbances().sum();

    untilServed(kill(leader()));

    assertThat(trial.checks().errors().sum() + trial.checks().disturbances().sum())
        .as("P6: a delay, never an error")
        .isEqualTo(errors);
  }

  @Test
  void withoutAFollowerTheStoreGoesOn() throws Exception {
    untilServed(kill(follower()));
  }

  @Test
  void theCatalogMayBeKilledInTheMiddleOfPurchases() throws Exception {
    trial.suffer(kill("catalog"), () -> {});
  }

  @Test
  void aFrontEndMayBeKilledInTheMiddleOfPurchases() throws Exception {
    untilServed(kill(anyOf(store.names(Role.FRONTEND))));
  }

  @Test
  void allNodesMayBeKilledAtOnce() throws Exception {
    trial.suffer(new KillFault(store, store.names()), () -> {});
  }

  @Test
  void retriesUnderTheSameKeyAcrossAFailoverBuyOnce() throws Exception {
    trial.suffer(kill(leader()), () -> trial.storm(8, 4));
  }

  @ParameterizedTest
  @ValueSource(longs = {100, 700, 3000})
  void theLeaderMayStandStill(long ms) throws Exception {
    trial.suffer(
        new PauseFault(store, leader()), FaultTrial.Meanwhile.holdFor(Duration.ofMillis(ms)));
  }

  @Test
  void aFrontEndMayStandStillForLongerThanItsLease() throws Exception {
    untilServed(new PauseFault(store, "frontend-2"));
  }

  private FaultyNetwork network() {
    return store.network().orElseThrow();
  }

  @Test
  void theLeaderMayBeCutOff() throws Exception {
    untilServed(NetworkFault.around(network(), leader(), store.names(), LinkConditions.CUT));
  }

  @Test
  void aFollowerMayBeCutOff() throws Exception {
    untilServed(NetworkFault.around(network(), follower(), store.names(), LinkConditions.CUT));
  }

  @Test
  void theLeaderMayBeHeardByNobody() throws Exception {
    untilServed(NetworkFault.oneWay(network(), leader(), store.names(), LinkConditions.CUT));
  }

  @Test
  void theLeaderMayHearNoReplica() throws Exception {
    String leader = leader();
    List<NetworkFault.Direction> toLeader =
        store.names(Role.ORDER).stream()
            .filter(node -> !node.equals(leader))
            .map(node -> new NetworkFault.Direction(node, leader))
            .toList();

    untilServed(new NetworkFault(network(), toLeader, LinkConditions.CUT));
  }

  @Test
  void aFrontEndMayBeCutOffFromTheCatalog() throws Exception {
    untilServed(
        NetworkFault.around(
            network(), "frontend-2", store.names(Role.CATALOG), LinkConditions.CUT));
  }

  @Test
  void theNetworkMayBeSlowAndLoseThings() throws Exception {
    LinkConditions bad =
        new LinkConditions(false, Duration.ofMillis(20), Duration.ofMillis(40), 0.05);

    untilServed(NetworkFault.around(network(), leader(), store.names(), bad));
  }

  @Test
  void aFollowerWhoseDiskIsFullHaltsAndComesBackWithSpace() throws Exception {
    assumeThat(store.disks()).as("needs root and loop devices").isNotEmpty();
    String node = follower();
    LoopDisk disk = Objects.requireNonNull(store.disks().get(node));

    trial.suffer(new FullDiskFault(store, node, disk), () -> awaitHalt(node));

    assertThat(store.reason(node)).containsIgnoringCase("space");
  }

  @Test
  void aLeaderWhoseSyncFailsHalts() throws Exception {
    assumeThat(store.shims()).as("needs Linux and gcc").isNotEmpty();
    String node = leader();

    trial.suffer(trouble(node, new DiskFault.SyncsFail()), () -> awaitHalt(node));
  }

  @Test
  void aReplicaMayBeKilledInTheMiddleOfAnyWrite() throws Exception {
    assumeThat(store.shims()).as("needs Linux and gcc").isNotEmpty();
    String node = anyOf(store.names(Role.ORDER));

    trial.suffer(
        trouble(node, new DiskFault.KilledAtWrite(1 + random.nextInt(40))), () -> awaitHalt(node));
  }

  @Test
  void aNodeMayRunOutOfFilesAndConnections() throws Exception {
    assumeThat(ResourceLimitFault.possible()).as("needs prlimit").isTrue();

    untilServed(ResourceLimitFault.ofFiles(store, leader(), 2));
  }

  @Test
  void aNodeMayRunOutOfMemory() throws Exception {
    assumeThat(ResourceLimitFault.possible()).as("needs prlimit").isTrue();

    untilServed(ResourceLimitFault.ofMemory(store, leader(), 1));
  }

  private DiskFault trouble(String node, DiskFault.Kind kind) {
    DiskFaultLibrary shim = Objects.requireNonNull(store.shims().get(node));
    return new DiskFault(store, node, shim, kind);
  }

  private void awaitHalt(String node) {
    Awaitility.await("end of " + node).atMost(LONG_ENOUGH).until(() -> !store.runs(node));
  }

  @Test
  void allReplicasAndTheCatalogMayLosePowerAtOnce() throws Exception {
    assumeThat(store.disks()).as("needs root and loop devices").isNotEmpty();

    trial.suffer(new PowerLossFault(store, store.disks()), () -> {});
  }
}
