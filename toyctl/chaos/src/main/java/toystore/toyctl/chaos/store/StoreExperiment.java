package toystore.toyctl.chaos.store;

import java.io.IOException;
import toystore.toyctl.cluster.process.Distribution;

/** Work on a throwaway store that finds out whether the store keeps its promises. */
@FunctionalInterface
public interface StoreExperiment {
  /** Whether all promises held. */
  boolean holds(ThrowawayStore store) throws IOException, InterruptedException;

  /**
   * Starts a store, runs an experiment on it, and deletes it. If a promise does not hold or the
   * experiment fails, the files and logs of the store are kept and their path is printed.
   *
   * @return whether all promises held
   */
  static boolean run(ThrowawayStorePlan plan, Distribution distribution, StoreExperiment experiment)
      throws IOException, InterruptedException {
    try (ThrowawayStore store = ThrowawayStore.start(plan, distribution)) {
      store.keepFiles(true);
      boolean holds = experiment.holds(store);
      store.keepFiles(!holds);
      return holds;
    }
  }
}
