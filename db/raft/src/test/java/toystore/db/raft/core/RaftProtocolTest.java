package toystore.db.raft.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs {@link Raft} in thousands of random simulations with network faults and crashes. */
@Timeout(120)
class RaftProtocolTest {
  private static final int SIMULATIONS = 3_000;
  private static final int STEPS = 400;

  private final long seed = System.nanoTime();

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 5})
  @DisplayName("No committed entry is lost or changed, and all members agree once faults end")
  void committedEntriesSurviveAndMembersAgree(int size) {
    System.out.println("seed " + seed);
    long committed = 0;
    for (int i = 0; i < SIMULATIONS; i++) {
      RaftSimulation simulation = new RaftSimulation(seed + i, size, RaftSimulation.Mistake.NONE);
      try {
        simulation.run(STEPS);
        simulation.recover();
      } catch (AssertionError | RuntimeException e) {
        throw new AssertionError("in the simulation with seed " + (seed + i), e);
      }
      committed += simulation.committedCount();
    }
    assertThat(committed).as("committed entries").isGreaterThan(SIMULATIONS);
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NONE")
  @DisplayName("The simulation detects planted mistakes")
  void simulationDetectsPlantedMistakes(RaftSimulation.Mistake mistake) {
    System.out.println("seed " + seed);
    for (int i = 0; i < 20 * SIMULATIONS; i++) {
      RaftSimulation simulation = new RaftSimulation(seed + i, 3, mistake);
      try {
        simulation.run(STEPS);
      } catch (AssertionError | RuntimeException e) {
        return;
      }
    }
    fail("no simulation detected the mistake");
  }
}
