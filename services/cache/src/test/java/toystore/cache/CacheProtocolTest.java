package toystore.cache;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import toystore.cache.CacheModel.Bounds;

/**
 * Every order of messages, delays, losses, repetitions, commits, crashes and moments of time of the
 * cache protocol, breadth first, for two front ends and one product, with the classes that run. At
 * each moment a hit in either cache and a read at the catalog are compared with the latest version
 * that anyone could see or was sold.
 *
 * <p>A lease is two ticks long. What may happen in one run is bounded, and each {@link Scenario}
 * spends its bounds on something else; together they are 1.3 million states, mirror images of the
 * two front ends not counted. Any two changes may be under way, as with the two lanes of the
 * catalog's batches.
 */
class CacheProtocolTest {
  /** A part of {@link Scenario#LEASES} that is enough for most mistakes to show. */
  private static final Bounds ONE_CHANGE =
      new Bounds(
          /* ticks= */ 2,
          /* changes= */ 1,
          /* releases= */ 0,
          /* giveUps= */ 0,
          /* asks= */ 2,
          /* misses= */ 1,
          /* repeats= */ 0,
          /* catalogCrashes= */ 0,
          /* losses= */ 0,
          /* frontCrashes= */ 0);

  /** Bounds, and how many states there were at least when this was written. */
  @SuppressWarnings("ImmutableEnumChecker") // a record of numbers
  enum Scenario {
    /** Leases run out and are renewed while a change is on its way: 306,000 states. */
    LEASES(
        300_000,
        new Bounds(
            /* ticks= */ 3,
            /* changes= */ 1,
            /* releases= */ 0,
            /* giveUps= */ 0,
            /* asks= */ 3,
            /* misses= */ 2,
            /* repeats= */ 0,
            /* catalogCrashes= */ 0,
            /* losses= */ 0,
            /* frontCrashes= */ 0)),

    /** Several changes overtake each other; some of unknown outcome, some late: 415,000 states. */
    SEVERAL_CHANGES(
        400_000,
        new Bounds(
            /* ticks= */ 1,
            /* changes= */ 2,
            /* releases= */ 1,
            /* giveUps= */ 1,
            /* asks= */ 2,
            /* misses= */ 2,
            /* repeats= */ 0,
            /* catalogCrashes= */ 0,
            /* losses= */ 0,
            /* frontCrashes= */ 0)),

    /** A front end is restarted, and a renewal arrives twice: 205,000 states. */
    FRONT_END_CRASH(
        200_000,
        new Bounds(
            /* ticks= */ 2,
            /* changes= */ 1,
            /* releases= */ 0,
            /* giveUps= */ 0,
            /* asks= */ 2,
            /* misses= */ 1,
            /* repeats= */ 1,
            /* catalogCrashes= */ 0,
            /* losses= */ 0,
            /* frontCrashes= */ 1)),

    /** Another catalog takes over, or this one is restarted: 247,000 states. */
    CATALOG_CRASH(
        240_000,
        new Bounds(
            /* ticks= */ 2,
            /* changes= */ 1,
            /* releases= */ 1,
            /* giveUps= */ 0,
            /* asks= */ 2,
            /* misses= */ 1,
            /* repeats= */ 1,
            /* catalogCrashes= */ 1,
            /* losses= */ 0,
            /* frontCrashes= */ 0)),

    /** The catalog loses its office and gets it back: 132,000 states. */
    LOST_OFFICE(
        130_000,
        new Bounds(
            /* ticks= */ 2,
            /* changes= */ 1,
            /* releases= */ 1,
            /* giveUps= */ 0,
            /* asks= */ 2,
            /* misses= */ 1,
            /* repeats= */ 0,
            /* catalogCrashes= */ 0,
            /* losses= */ 1,
            /* frontCrashes= */ 0));

    private final int floor;
    private final Bounds bounds;

    Scenario(int floor, Bounds bounds) {
      this.floor = floor;
      this.bounds = bounds;
    }
  }

  @ParameterizedTest
  @DisplayName("Nobody is shown an older state than anyone has seen")
  @EnumSource
  void nobodyIsShownAnOlderStateThanAnyoneHasSeen(Scenario scenario) {
    long begun = System.nanoTime();
    BreadthFirstSearch.Outcome outcome =
        BreadthFirstSearch.of(new CacheModel(scenario.bounds, PlantedCacheFlaw.NONE));

    System.out.printf(
        "%s: %d states explored in %d ms%n",
        scenario, outcome.states(), (System.nanoTime() - begun) / 1_000_000);
    assertThat(outcome.violation()).isNull();
    assertThat(outcome.states()).isGreaterThan(scenario.floor);
  }

  @ParameterizedTest
  @DisplayName("The search finds a planted mistake")
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NONE")
  void theSearchFindsAPlantedMistake(PlantedCacheFlaw flaw) {
    BreadthFirstSearch.Outcome outcome =
        BreadthFirstSearch.of(new CacheModel(whereItShows(flaw), flaw));

    System.out.printf(
        "%s found among %d states:%n%s%n", flaw, outcome.states(), outcome.violation());
    assertThat(outcome.violation()).isNotNull();
  }

  private static Bounds whereItShows(PlantedCacheFlaw flaw) {
    return switch (flaw) {
      case NONE,
          NO_LEASE_IS_CHECKED,
          A_LEASE_COUNTS_FROM_THE_ARRIVAL_OF_ITS_GRANT,
          A_FILL_IS_KEPT_DESPITE_AN_INVALIDATION,
          A_MISS_FROM_BEFORE_THE_SESSION_IS_KEPT,
          A_CHANGE_IS_SHOWN_BEFORE_ALL_HAVE_FORGOTTEN,
          EVERYTHING_IS_CACHEABLE,
          CACHEABLE_AGAIN_ONCE_TOLD_THOUGH_NOT_SHOWN_YET ->
          ONE_CHANGE;
      case A_SESSION_ID_COMES_BACK -> Scenario.FRONT_END_CRASH.bounds;
      case CACHEABLE_AGAIN_AT_THE_FIRST_END_OF_SEVERAL_CHANGES -> Scenario.SEVERAL_CHANGES.bounds;
      case NO_WAIT_AFTER_A_START, NO_CATALOG_IS_NAMED_IN_A_RENEWAL -> Scenario.CATALOG_CRASH.bounds;
      case SESSIONS_BEGIN_BEFORE_THE_CATALOG_IS_OPEN -> Scenario.LOST_OFFICE.bounds;
    };
  }

  @Test
  @DisplayName("Mirror images count as one state")
  void mirrorImagesCountAsOneState() {
    CacheModel start = new CacheModel(Scenario.LEASES.bounds, PlantedCacheFlaw.NONE);

    assertThat(
            start.steps().stream()
                .filter(step -> start.describe(step).startsWith("ask for lease"))
                .map(step -> start.after(step).key()))
        .hasSize(2)
        .containsOnly(start.after(start.steps().getLast()).key());
  }
}
