package toystore.toyctl.chaos;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import toystore.toyctl.chaos.faults.Fault;
import toystore.toyctl.chaos.faults.ResourceLimitFault;
import toystore.toyctl.chaos.store.ThrowawayStore;
import toystore.toyctl.cluster.ExitCode;
import toystore.toyctl.cluster.ToyctlException;

/** Generates random faults of all kinds that this machine supports. The seed repeats them. */
final class RandomFaults {
  /**
   * A fault.
   *
   * @param kind the name of its kind
   * @param duration how long the fault lasts
   * @param withRetryStorm whether several clients repeat purchases during the fault; the fault then
   *     lasts until all of them have an answer
   */
  record RandomFault(String kind, Fault fault, Duration duration, boolean withRetryStorm) {}

  private final ThrowawayStore store;
  private final Random random;
  private final Duration longest;
  private final List<FaultKind> kinds = new ArrayList<>();
  private final List<String> unsupported = new ArrayList<>();

  /**
   * @param longest the longest duration of a fault
   * @param only parts of the names of the kinds to use, or empty for all kinds
   */
  RandomFaults(ThrowawayStore store, long seed, Duration longest, List<String> only) {
    this.store = store;
    this.random = new Random(seed);
    this.longest = longest;
    addProcessFaults();
    addNetworkFaults();
    addDiskFaults();
    retain(only);
  }

  private void addProcessFaults() {
    ProcessFaultKinds process = new ProcessFaultKinds(store);
    kinds.addAll(process.all());
    if (ResourceLimitFault.isSupported()) {
      kinds.addAll(process.resourceLimits());
    } else {
      unsupported.add("few files and little memory (needs prlimit)");
    }
  }

  private void addNetworkFaults() {
    store
        .network()
        .ifPresentOrElse(
            network -> kinds.addAll(new NetworkFaultKinds(network, store.names()).all()),
            () -> unsupported.add("network"));
  }

  private void addDiskFaults() {
    DiskFaultKinds disk = new DiskFaultKinds(store);
    if (store.loopDisks().isEmpty()) {
      unsupported.add("full disk and power loss (needs root and loop devices)");
    } else {
      kinds.addAll(disk.ofLoopDisks(store.loopDisks()));
    }
    if (store.diskFaultLibraries().isEmpty()) {
      unsupported.add("failing writes and syncs (needs Linux and gcc)");
    } else {
      kinds.addAll(disk.ofLibraries(store.diskFaultLibraries()));
    }
  }

  private void retain(List<String> only) {
    for (String part : only) {
      if (kinds.stream().noneMatch(kind -> kind.name().contains(part))) {
        throw new ToyctlException(
            ExitCode.USAGE,
            "--only",
            "no supported kind of fault contains '"
                + part
                + "'; the kinds are: "
                + String.join(", ", kinds.stream().map(FaultKind::name).toList()),
            "toyctl chaos --only 'kill,front end'");
      }
    }
    kinds.removeIf(kind -> !only.isEmpty() && only.stream().noneMatch(kind.name()::contains));
  }

  /** The kinds of faults that this machine does not support, with the reasons. */
  List<String> unsupported() {
    return List.copyOf(unsupported);
  }

  /**
   * The next fault.
   *
   * @param leader the order replica that leads now
   */
  RandomFault next(String leader) {
    FaultKind kind = kinds.get(random.nextInt(kinds.size()));
    RandomChoices choices = new RandomChoices(store, random, longest, leader);
    return new RandomFault(
        kind.name(),
        kind.factory().create(choices),
        choices.faultDuration(),
        kind.name().startsWith(ProcessFaultKinds.RETRY_STORM));
  }
}
