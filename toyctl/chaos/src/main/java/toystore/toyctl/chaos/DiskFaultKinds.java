package toystore.toyctl.chaos;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import toystore.config.Role;
import toystore.toyctl.chaos.faults.DiskFault;
import toystore.toyctl.chaos.faults.DiskFaultShim;
import toystore.toyctl.chaos.faults.Fault;
import toystore.toyctl.chaos.faults.FullDiskFault;
import toystore.toyctl.chaos.faults.LoopDisk;
import toystore.toyctl.chaos.faults.PowerLossFault;
import toystore.toyctl.chaos.store.ThrowawayStore;

/** The kinds of faults that affect disks. */
final class DiskFaultKinds {
  private static final Duration MAX_SYNC_DELAY = Duration.ofMillis(200);
  private static final Duration MAX_WRITE_DELAY = Duration.ofMillis(50);
  private static final int MAX_WRITES_BEFORE_KILL = 200;

  private final ThrowawayStore store;

  DiskFaultKinds(ThrowawayStore store) {
    this.store = store;
  }

  /** Full disks and power losses, for nodes with a file system of their own. */
  List<FaultKind> ofLoopDisks(Map<String, LoopDisk> disks) {
    List<String> nodes = disks.keySet().stream().sorted().toList();
    return List.of(
        new FaultKind("full disk", choices -> fillDisk(disks, choices.anyOf(nodes))),
        new FaultKind(
            "power loss of a replica",
            choices -> powerLoss(disks, List.of(choices.any(Role.ORDER)))),
        new FaultKind(
            "power loss of all replicas", choices -> powerLoss(disks, store.names(Role.ORDER))),
        new FaultKind(
            "power loss of everything", choices -> powerLoss(disks, List.copyOf(disks.keySet()))));
  }

  private Fault fillDisk(Map<String, LoopDisk> disks, String node) {
    LoopDisk disk = disks.get(node);
    if (disk == null) {
      throw new IllegalStateException(node + " has no file system of its own");
    }
    return new FullDiskFault(store, node, disk);
  }

  private Fault powerLoss(Map<String, LoopDisk> disks, List<String> nodes) {
    Map<String, LoopDisk> affected = new TreeMap<>(disks);
    affected.keySet().retainAll(nodes);
    return new PowerLossFault(store, affected);
  }

  /** Failing and slow writes and syncs, for nodes with a fault library. */
  List<FaultKind> ofLibraries(Map<String, DiskFaultShim> libraries) {
    List<String> nodes = libraries.keySet().stream().sorted().toList();
    return List.of(
        new FaultKind(
            "writes fail",
            choices -> diskFault(choices.anyOf(nodes), new DiskFault.FailedWrites())),
        new FaultKind(
            "no space", choices -> diskFault(choices.anyOf(nodes), new DiskFault.NoSpace())),
        new FaultKind(
            "syncs fail", choices -> diskFault(choices.anyOf(nodes), new DiskFault.FailedSyncs())),
        new FaultKind(
            "slow syncs",
            choices ->
                diskFault(
                    choices.anyOf(nodes), new DiskFault.SlowSyncs(choices.upTo(MAX_SYNC_DELAY)))),
        new FaultKind(
            "slow writes",
            choices ->
                diskFault(
                    choices.anyOf(nodes), new DiskFault.SlowWrites(choices.upTo(MAX_WRITE_DELAY)))),
        new FaultKind("killed at a write", choices -> killAtWrite(choices.anyOf(nodes), choices)),
        new FaultKind(
            "leader killed at a write", choices -> killAtWrite(choices.leader(), choices)));
  }

  private Fault killAtWrite(String node, RandomChoices choices) {
    return diskFault(node, new DiskFault.KilledAtWrite(1 + choices.number(MAX_WRITES_BEFORE_KILL)));
  }

  private Fault diskFault(String node, DiskFault.Kind kind) {
    DiskFaultShim library = store.diskFaultLibraries().get(node);
    if (library == null) {
      throw new IllegalStateException(node + " has no disk fault library");
    }
    return new DiskFault(store, node, library, kind);
  }
}
