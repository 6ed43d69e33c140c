package toystore.tests.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import toystore.config.Role;
import toystore.toyctl.chaos.FaultTrial;
import toystore.toyctl.chaos.PromiseReport;
import toystore.toyctl.chaos.ThrowawayStore;
import toystore.toyctl.chaos.check.ShopperProfile;
import toystore.toyctl.chaos.faults.DiskFault;
import toystore.toyctl.chaos.faults.KillFault;
import toystore.toyctl.chaos.faults.LoopDisk;
import toystore.toyctl.chaos.faults.PauseFault;
import toystore.toyctl.chaos.faults.PowerLossFault;
import toystore.toyctl.cluster.ToyctlException;

/**
 * The checkers are worth what they find: each of these mistakes, planted into the real processes,
 * has to be found by the same checkers that find nothing otherwise.
 */
@Tag("long")
class PlantedBugsTest {
  private static final List<String> PRODUCTS = List.of("Tux", "Fox", "Lego");
  private static final int CLIENTS = 6;

  @TempDir private Path temp = Path.of("");

  @FunctionalInterface
  private interface Harm {
    void done(FaultTrial trial) throws IOException, InterruptedException;
  }

  /** What is found in a store with such a bug, until there is something or the tries are over. */
  private static PromiseReport found(
      ThrowawayStore.Plan plan, ShopperProfile habits, int tries, Harm harm)
      throws IOException, InterruptedException {
    System.out.println("seed " + plan.seed());
    try (ThrowawayStore store = ThrowawayStore.up(plan);
        FaultTrial trial =
            FaultTrial.begin(
                store, PRODUCTS, habits, CLIENTS, plan.seed(), line -> System.out.println(line))) {
      for (int i = 0; i < tries; i++) {
        trial.awaitProgress(5);
        try {
          harm.done(trial);
          trial.awaitProgress(5);
        } catch (ToyctlException e) {
          trial.checks().findings().add(String.valueOf(e.getMessage()));
        }
        PromiseReport proof = trial.prove();
        if (!proof.holds()) {
          System.out.println(proof);
          return proof;
        }
      }
      return trial.end();
    }
  }

  private static ThrowawayStore.Plan plan() {
    return ThrowawayStore.Plan.plain(System.nanoTime());
  }

  @Test
  void anOrderLogThatForgetsOrderIdsIsFound() throws Exception {
    Path classes = PlantedBug.FORGOTTEN_ORDER_IDS.plant(temp);
    PromiseReport proof =
        found(plan().withClasses(List.of(classes)), ShopperProfile.BUYERS, 3, trial -> {});

    assertThat(proof.ledger().duplicated()).isPositive();
    assertThat(proof.findings()).anyMatch(finding -> finding.contains("one key was answered"));
  }

  @Test
  void aResolutionWithoutATombstoneIsFound() throws Exception {
    Path classes = PlantedBug.NO_TOMBSTONE.plant(temp);
    // Holds that are not settled at once are doubtful, while a leader may stand still for longer.
    ThrowawayStore.Plan hasty =
        plan()
            .withClasses(List.of(classes))
            .with(
                Map.of(
                    "catalog.doubt-after", "100ms",
                    "raft.election-timeout-min", "1500ms",
                    "raft.election-timeout-max", "2s"));

    PromiseReport proof =
        found(
            hasty,
            ShopperProfile.BUYERS.thinking(Duration.ofMillis(1)),
            40,
            trial ->
                trial.suffer(
                    new PauseFault(
                        trial.store(), trial.store().awaitLeader(null, Duration.ofSeconds(20))),
                    FaultTrial.Meanwhile.holdFor(Duration.ofMillis(600))));

    assertThat(proof.stockExact()).isFalse();
  }

  @Test
  void aTornApplyIsFound() throws Exception {
    Path classes = PlantedBug.TORN_APPLY.plant(temp);
    PromiseReport proof =
        found(
            plan().withClasses(List.of(classes)),
            ShopperProfile.BUYERS,
            6,
            trial -> trial.suffer(new KillFault(trial.store(), List.of("order-1")), () -> {}));

    assertThat(proof.holds()).isFalse();
    assertThat(proof.replicasEqual()).isFalse();
  }

  @Test
  void aCacheThatDoesNotForgetIsFound() throws Exception {
    Path classes = PlantedBug.CACHE_THAT_DOES_NOT_FORGET.plant(temp);
    PromiseReport proof =
        found(plan().withClasses(List.of(classes)), ShopperProfile.READERS, 3, trial -> {});

    assertThat(proof.findings()).anyMatch(finding -> finding.startsWith("stale read"));
  }

  @Test
  void skippedSyncsAreFoundWhenPowerIsLost() throws Exception {
    ThrowawayStore.Plan plan = plan().withAllFaults();
    List<String> nodes = List.of("order-1", "order-2", "order-3");

    PromiseReport proof =
        found(
            plan,
            ShopperProfile.BUYERS,
            1,
            trial -> {
              ThrowawayStore store = trial.store();
              assumeThat(store.disks()).as("needs root and loop devices").isNotEmpty();
              assumeThat(store.shims()).as("needs Linux and gcc").isNotEmpty();
              store
                  .shims()
                  .forEach(
                      (node, shim) ->
                          new DiskFault(store, node, shim, new DiskFault.SyncsAreSkipped())
                              .inject());
              trial.awaitProgress(20);
              Map<String, LoopDisk> disks = store.disks();
              disks.keySet().retainAll(nodes);
              trial.suffer(new PowerLossFault(store, disks), () -> {});
            });

    assertThat(proof.ledger().lost()).isPositive();
  }

  @Test
  void withoutAnyMistakeNothingIsFoundInTheSameHarm() throws Exception {
    PromiseReport proof =
        found(
            plan().withAllFaults(),
            ShopperProfile.BUYERS,
            1,
            trial -> {
              ThrowawayStore store = trial.store();
              if (store.disks().isEmpty()) {
                trial.suffer(new KillFault(store, store.names(Role.ORDER)), () -> {});
              } else {
                trial.suffer(new PowerLossFault(store, store.disks()), () -> {});
              }
            });

    assertThat(proof.findings()).isEmpty();
    assertThat(proof.holds()).isTrue();
  }
}
