package toystore.db.raft.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The class that decides, in many worlds that do what networks, crashes and clocks can do. */
@Timeout(120)
class RaftProtocolTest {
  private static final int WORLDS = 3_000;
  private static final int STEPS = 400;

  private final long seed = System.nanoTime();

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 5})
  void nothingCommittedIsLostOrChangedAndAllAgreeInTheEnd(int size) {
    System.out.println("seed " + seed);
    long committed = 0;
    for (int world = 0; world < WORLDS; world++) {
      RaftSimulation simulation =
          new RaftSimulation(seed + world, size, RaftSimulation.Mistake.NONE);
      try {
        simulation.run(STEPS);
        simulation.heal();
      } catch (AssertionError | RuntimeException e) {
        throw new AssertionError("in world " + (seed + world), e);
      }
      committed += simulation.committed();
    }
    assertThat(committed).as("entries that were agreed on").isGreaterThan(WORLDS);
  }

  /** A test that could not see these would show nothing. */
  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NONE")
  void mistakesAreSeen(RaftSimulation.Mistake mistake) {
    System.out.println("seed " + seed);
    for (int world = 0; world < 20 * WORLDS; world++) {
      RaftSimulation simulation = new RaftSimulation(seed + world, 3, mistake);
      try {
        simulation.run(STEPS);
      } catch (AssertionError | RuntimeException e) {
        return;
      }
    }
    fail("nothing was seen of it");
  }
}
