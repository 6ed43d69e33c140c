package toystore.toyctl.chaos;

import java.util.List;
import toystore.config.Role;
import toystore.toyctl.chaos.faults.KillFault;
import toystore.toyctl.chaos.faults.PauseFault;
import toystore.toyctl.chaos.faults.ResourceLimitFault;
import toystore.toyctl.chaos.store.ThrowawayStore;

/** The kinds of faults that affect processes: kills, pauses and resource limits. */
final class ProcessFaultKinds {
  /** A fault whose name begins with this is combined with clients that repeat purchases. */
  static final String RETRY_STORM = "retry storm";

  private static final int MAX_ADDITIONAL_FILES = 20;
  private static final int MAX_ADDITIONAL_MIB = 40;

  private final ThrowawayStore store;

  ProcessFaultKinds(ThrowawayStore store) {
    this.store = store;
  }

  List<FaultKind> all() {
    return List.of(
        new FaultKind("kill leader", choices -> kill(choices.leader())),
        new FaultKind("kill follower", choices -> kill(choices.follower())),
        new FaultKind("kill catalog", choices -> kill(choices.any(Role.CATALOG))),
        new FaultKind("kill front end", choices -> kill(choices.any(Role.FRONTEND))),
        new FaultKind(
            "kill all replicas", choices -> new KillFault(store, store.names(Role.ORDER))),
        new FaultKind("kill everything", choices -> new KillFault(store, store.names())),
        new FaultKind(RETRY_STORM + " across a failover", choices -> kill(choices.leader())),
        new FaultKind("pause leader", choices -> new PauseFault(store, choices.leader())),
        new FaultKind(
            "pause front end", choices -> new PauseFault(store, choices.any(Role.FRONTEND))),
        new FaultKind("pause any", choices -> new PauseFault(store, choices.anyNode())));
  }

  private KillFault kill(String node) {
    return new KillFault(store, List.of(node));
  }

  /** Needs {@link ResourceLimitFault#isSupported}. */
  List<FaultKind> resourceLimits() {
    return List.of(
        new FaultKind(
            "few files",
            choices ->
                ResourceLimitFault.ofFiles(
                    store, choices.anyNode(), choices.number(MAX_ADDITIONAL_FILES))),
        new FaultKind(
            "little memory",
            choices ->
                ResourceLimitFault.ofMemory(
                    store, choices.anyNode(), choices.number(MAX_ADDITIONAL_MIB))));
  }
}
