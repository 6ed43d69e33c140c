package toystore.systemtest;

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
import toystore.api.Role;
import toystore.faults.DiskTrouble;
import toystore.faults.Habits;
import toystore.faults.Kill;
import toystore.faults.Pause;
import toystore.faults.PowerLoss;
import toystore.faults.SmallDisk;
import toystore.toyctl.CliException;
import toystore.toyctl.Proof;
import toystore.toyctl.ThrowawayStore;
import toystore.toyctl.Trial;

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
    void done(Trial trial) throws IOException, InterruptedException;
  }

  /** What is found in a store with such a bug, until there is something or the tries are over. */
  private static Proof found(ThrowawayStore.Plan plan, Habits habits, int tries, Harm harm)
      throws IOException, InterruptedException {
    System.out.println("seed " + plan.seed());
    try (ThrowawayStore store = ThrowawayStore.up(plan);
        Trial trial =
            Trial.begin(
                store, PRODUCTS, habits, CLIENTS, plan.seed(), line -> System.out.println(line))) {
      for (int i = 0; i < tries; i++) {
        trial.awaitProgress(5);
        try {
          harm.done(trial);
          trial.awaitProgress(5);
        } catch (CliException e) {
          trial.checks().findings().add(String.valueOf(e.getMessage()));
        }
        Proof proof = trial.prove();
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
    Proof proof = found(plan().withClasses(List.of(classes)), Habits.BUYERS, 3, trial -> {});

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

    Proof proof =
        found(
            hasty,
            Habits.BUYERS.thinking(Duration.ofMillis(1)),
            40,
            trial ->
                trial.suffer(
                    new Pause(
                        trial.store(), trial.store().awaitLeader(null, Duration.ofSeconds(20))),
                    Trial.Meanwhile.holdFor(Duration.ofMillis(600))));

    assertThat(proof.stockExact()).isFalse();
  }

  @Test
  void aTornApplyIsFound() throws Exception {
    Path classes = PlantedBug.TORN_APPLY.plant(temp);
    Proof proof =
        found(
            plan().withClasses(List.of(classes)),
            Habits.BUYERS,
            6,
            trial -> trial.suffer(new Kill(trial.store(), List.of("order-1")), () -> {}));

    assertThat(proof.holds()).isFalse();
    assertThat(proof.replicasEqual()).isFalse();
  }

  @Test
  void aCacheThatDoesNotForgetIsFound() throws Exception {
    Path classes = PlantedBug.CACHE_THAT_DOES_NOT_FORGET.plant(temp);
    Proof proof = found(plan().withClasses(List.of(classes)), Habits.READERS, 3, trial -> {});

    assertThat(proof.findings()).anyMatch(finding -> finding.startsWith("stale read"));
  }

  @Test
  void skippedSyncsAreFoundWhenPowerIsLost() throws Exception {
    ThrowawayStore.Plan plan = plan().withAllFaults();
    List<String> nodes = List.of("order-1", "order-2", "order-3");

    Proof proof =
        found(
            plan,
            Habits.BUYERS,
            1,
            trial -> {
              ThrowawayStore store = trial.store();
              assumeThat(store.disks()).as("needs root and loop devices").isNotEmpty();
              assumeThat(store.shims()).as("needs Linux and gcc").isNotEmpty();
              store
                  .shims()
                  .forEach(
                      (node, shim) ->
                          new DiskTrouble(store, node, shim, new DiskTrouble.SyncsAreSkipped())
                              .inject());
              trial.awaitProgress(20);
              Map<String, SmallDisk> disks = store.disks();
              disks.keySet().retainAll(nodes);
              trial.suffer(new PowerLoss(store, disks), () -> {});
            });

    assertThat(proof.ledger().lost()).isPositive();
  }

  @Test
  void withoutAnyMistakeNothingIsFoundInTheSameHarm() throws Exception {
    Proof proof =
        found(
            plan().withAllFaults(),
            Habits.BUYERS,
            1,
            trial -> {
              ThrowawayStore store = trial.store();
              if (store.disks().isEmpty()) {
                trial.suffer(new Kill(store, store.names(Role.ORDER)), () -> {});
              } else {
                trial.suffer(new PowerLoss(store, store.disks()), () -> {});
              }
            });

    assertThat(proof.findings()).isEmpty();
    assertThat(proof.holds()).isTrue();
  }
}
