package toystore.cache;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import toystore.tests.models.BreadthFirstSearch;

/**
 * Explores every order of messages, delays, losses, repetitions, commits, crashes and clock ticks
 * of the cache protocol, breadth first, for two front ends and one product, with the production
 * classes. In each state, a hit in either cache and a read at the catalog are compared with the
 * latest version that any reader could see or was sold.
 *
 * <p>A lease is two ticks long. A budget bounds the events in one run, and each {@link Scenario}
 * spends its budget on other events. All scenarios together have 1.3 million states, not counting
 * mirror images of the two front ends. Any two changes may be pending at the same time, as with the
 * two lanes of the catalog's batches.
 */
class CacheProtocolTest {
  /** A part of {@link Scenario#LEASES} that is enough to find most flaws. */
  private static final CacheModelBudget ONE_CHANGE =
      new CacheModelBudget().ticks(2).changes(1).renewals(2).misses(1);

  @SuppressWarnings("ImmutableEnumChecker") // no test changes a budget
  enum Scenario {
    /** Leases expire and are renewed during a change: 306,000 states. */
    LEASES(300_000, new CacheModelBudget().ticks(3).changes(1).renewals(3).misses(2)),

    /**
     * Several changes overtake each other. Some have an unknown outcome, and some are announced
     * late: 415,000 states.
     */
    SEVERAL_CHANGES(
        400_000,
        new CacheModelBudget()
            .ticks(1)
            .changes(2)
            .unannounced(1)
            .unknownOutcomes(1)
            .renewals(2)
            .misses(2)),

    /** A front end is restarted, and a renewal arrives twice: 205,000 states. */
    FRONT_END_CRASH(
        200_000,
        new CacheModelBudget()
            .ticks(2)
            .changes(1)
            .renewals(2)
            .misses(1)
            .repetitions(1)
            .frontEndCrashes(1)),

    /** Another catalog takes over, or the same one is restarted: 247,000 states. */
    CATALOG_CRASH(
        240_000,
        new CacheModelBudget()
            .ticks(2)
            .changes(1)
            .unannounced(1)
            .renewals(2)
            .misses(1)
            .repetitions(1)
            .catalogCrashes(1)),

    /** The catalog loses leadership and regains it: 132,000 states. */
    LOST_LEADERSHIP(
        130_000,
        new CacheModelBudget()
            .ticks(2)
            .changes(1)
            .unannounced(1)
            .renewals(2)
            .misses(1)
            .leadershipLosses(1));

    private final int minStates;
    private final CacheModelBudget budget;

    /**
     * Creates a scenario.
     *
     * @param minStates a lower bound for the number of states
     */
    Scenario(int minStates, CacheModelBudget budget) {
      this.minStates = minStates;
      this.budget = budget;
    }
  }

  @ParameterizedTest
  @DisplayName("No reader sees an older state than any reader has seen")
  @EnumSource
  void noReaderSeesAnOlderStateThanAnotherReader(Scenario scenario) {
    long begun = System.nanoTime();
    BreadthFirstSearch.Result result =
        BreadthFirstSearch.explore(new CacheModel(scenario.budget, PlantedCacheFlaw.NONE));

    System.out.printf(
        "%s: %d states explored in %d ms%n",
        scenario, result.states(), (System.nanoTime() - begun) / 1_000_000);
    assertThat(result.violation()).isNull();
    assertThat(result.states()).isGreaterThan(scenario.minStates);
  }

  @ParameterizedTest
  @DisplayName("The search finds each planted flaw")
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NONE")
  void theSearchFindsAPlantedFlaw(PlantedCacheFlaw flaw) {
    BreadthFirstSearch.Result result =
        BreadthFirstSearch.explore(new CacheModel(budgetFor(flaw), flaw));

    System.out.printf("%s found among %d states:%n%s%n", flaw, result.states(), result.violation());
    assertThat(result.violation()).isNotNull();
  }

  private static CacheModelBudget budgetFor(PlantedCacheFlaw flaw) {
    return switch (flaw) {
      case NONE,
          LEASE_IS_NOT_CHECKED,
          LEASE_BEGINS_WHEN_ITS_GRANT_ARRIVES,
          FILL_IGNORES_INVALIDATIONS,
          MISS_BEFORE_THE_FIRST_LEASE_FILLS,
          PUBLISHED_BEFORE_ALL_SESSIONS_RESPOND,
          EVERYTHING_IS_CACHEABLE,
          CACHEABLE_BEFORE_PUBLICATION ->
          ONE_CHANGE;
      case SESSION_ID_IS_ACCEPTED_AGAIN -> Scenario.FRONT_END_CRASH.budget;
      case CACHEABLE_AFTER_THE_FIRST_OF_SEVERAL_CHANGES -> Scenario.SEVERAL_CHANGES.budget;
      case NO_WAIT_AFTER_START, RENEWAL_NAMES_NO_CATALOG -> Scenario.CATALOG_CRASH.budget;
      case SESSIONS_BEGIN_WHILE_CLOSED -> Scenario.LOST_LEADERSHIP.budget;
    };
  }

  @Test
  @DisplayName("Two states that differ only in the numbers of the front ends count as one")
  void mirrorImagesCountAsOneState() {
    CacheModel start = new CacheModel(Scenario.LEASES.budget, PlantedCacheFlaw.NONE);
    List<CacheModel> successors = new ArrayList<>();
    start.successors(successors::add);
    List<CacheModel> withRequest = new ArrayList<>();
    for (int i = 0; i < successors.size(); i++) {
      if (start.describeStep(i).startsWith("request lease")) {
        withRequest.add(successors.get(i));
      }
    }

    assertThat(withRequest)
        .hasSize(2)
        .extracting(CacheModel::key)
        .containsOnly(withRequest.getFirst().key());
  }
}
