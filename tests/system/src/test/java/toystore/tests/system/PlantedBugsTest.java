package toystore.tests.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import toystore.config.Role;
import toystore.toyctl.chaos.ChaosExperiment;
import toystore.toyctl.chaos.PromiseReport;
import toystore.toyctl.chaos.check.WorkloadProfile;
import toystore.toyctl.chaos.faults.DiskFault;
import toystore.toyctl.chaos.faults.KillFault;
import toystore.toyctl.chaos.faults.LoopDisk;
import toystore.toyctl.chaos.faults.PauseFault;
import toystore.toyctl.chaos.faults.PowerLossFault;
import toystore.toyctl.chaos.store.ThrowawayStore;
import toystore.toyctl.chaos.store.ThrowawayStorePlan;
import toystore.toyctl.cluster.ToyctlException;

/**
 * Tests the checkers: each of these bugs is planted into the real processes, and the checkers must
 * find it. Without a bug, the same checkers must find nothing.
 */
@Tag("long")
class PlantedBugsTest {
  private static final List<String> PRODUCTS = List.of("Tux", "Fox", "Lego");
  private static final int CLIENTS = 6;

  @TempDir private Path temp = Path.of("");

  @FunctionalInterface
  private interface FaultInjection {
    void into(ChaosExperiment experiment) throws IOException, InterruptedException;
  }

  /** Injects faults up to the given number of times, until the checkers find a violation. */
  private static PromiseReport check(
      ThrowawayStorePlan plan, WorkloadProfile profile, int tries, FaultInjection injection)
      throws IOException, InterruptedException {
    System.out.println("seed " + plan.seed());
    try (ThrowawayStore store = ThrowawayStore.start(plan);
        ChaosExperiment experiment =
            ChaosExperiment.start(
                store, PRODUCTS, profile, CLIENTS, plan.seed(), line -> System.out.println(line))) {
      for (int i = 0; i < tries; i++) {
        experiment.awaitPurchases(5);
        try {
          injection.into(experiment);
          experiment.awaitPurchases(5);
        } catch (ToyctlException e) {
          experiment.monitor().violations().add(String.valueOf(e.getMessage()));
        }
        PromiseReport report = experiment.verify();
        if (!report.holds()) {
          System.out.println(report);
          return report;
        }
      }
      return experiment.finish();
    }
  }

  private static ThrowawayStorePlan plan() {
    return ThrowawayStorePlan.minimal(System.nanoTime());
  }

  @Test
  @DisplayName("The checkers find an order log that forgets order ids")
  void findsForgottenOrderIds() throws Exception {
    Path classes = PlantedBug.FORGOTTEN_ORDER_IDS.plant(temp);
    PromiseReport report =
        check(
            plan().withOverridingClasses(List.of(classes)),
            WorkloadProfile.BUYERS,
            3,
            experiment -> {});

    assertThat(report.ledger().duplicated()).isPositive();
    assertThat(report.findings())
        .anyMatch(finding -> finding.contains("the same key was answered"));
  }

  @Test
  @DisplayName("The checkers find a resolved hold without a tombstone")
  void findsMissingTombstone() throws Exception {
    Path classes = PlantedBug.MISSING_TOMBSTONE.plant(temp);
    // Holds become doubtful quickly, while a leader that is paused for longer stays the leader.
    ThrowawayStorePlan impatient =
        plan()
            .withOverridingClasses(List.of(classes))
            .withSettings(
                Map.of(
                    "catalog.doubt-after", "100ms",
                    "raft.election-timeout-min", "1500ms",
                    "raft.election-timeout-max", "2s"));

    PromiseReport report =
        check(
            impatient,
            WorkloadProfile.BUYERS.withPause(Duration.ofMillis(1)),
            40,
            experiment ->
                experiment.inject(
                    new PauseFault(
                        experiment.store(),
                        experiment.store().awaitLeader(null, Duration.ofSeconds(20))),
                    ChaosExperiment.FaultAction.waitFor(Duration.ofMillis(600))));

    assertThat(report.stockExact()).isFalse();
  }

  @Test
  @DisplayName("The checkers find an entry that is applied in two transactions")
  void findsTornApply() throws Exception {
    Path classes = PlantedBug.TORN_APPLY.plant(temp);
    PromiseReport report =
        check(
            plan().withOverridingClasses(List.of(classes)),
            WorkloadProfile.BUYERS,
            6,
            experiment ->
                experiment.inject(new KillFault(experiment.store(), List.of("order-1")), () -> {}));

    assertThat(report.holds()).isFalse();
    assertThat(report.replicasEqual()).isFalse();
  }

  @Test
  @DisplayName("The checkers find a cache that ignores invalidations")
  void findsIgnoredInvalidations() throws Exception {
    Path classes = PlantedBug.IGNORED_INVALIDATIONS.plant(temp);
    PromiseReport report =
        check(
            plan().withOverridingClasses(List.of(classes)),
            WorkloadProfile.READERS,
            3,
            experiment -> {});

    assertThat(report.findings()).anyMatch(finding -> finding.startsWith("stale read"));
  }

  @Test
  @DisplayName("The checkers find skipped syncs after a power loss")
  void findsSkippedSyncsAfterPowerLoss() throws Exception {
    ThrowawayStorePlan plan = plan().withAllFaults();
    List<String> nodes = List.of("order-1", "order-2", "order-3");

    PromiseReport report =
        check(
            plan,
            WorkloadProfile.BUYERS,
            1,
            experiment -> {
              ThrowawayStore store = experiment.store();
              assumeThat(store.loopDisks()).as("needs root and loop devices").isNotEmpty();
              assumeThat(store.diskFaultLibraries()).as("needs Linux and gcc").isNotEmpty();
              store
                  .diskFaultLibraries()
                  .forEach(
                      (node, library) ->
                          new DiskFault(store, node, library, new DiskFault.SkippedSyncs())
                              .inject());
              experiment.awaitPurchases(20);
              Map<String, LoopDisk> disks = store.loopDisks();
              disks.keySet().retainAll(nodes);
              experiment.inject(new PowerLossFault(store, disks), () -> {});
            });

    assertThat(report.ledger().lost()).isPositive();
  }

  @Test
  @DisplayName("The checkers find nothing without a bug under the same faults")
  void findsNothingWithoutABug() throws Exception {
    PromiseReport report =
        check(
            plan().withAllFaults(),
            WorkloadProfile.BUYERS,
            1,
            experiment -> {
              ThrowawayStore store = experiment.store();
              if (store.loopDisks().isEmpty()) {
                experiment.inject(new KillFault(store, store.names(Role.ORDER)), () -> {});
              } else {
                experiment.inject(new PowerLossFault(store, store.loopDisks()), () -> {});
              }
            });

    assertThat(report.findings()).isEmpty();
    assertThat(report.holds()).isTrue();
  }
}
