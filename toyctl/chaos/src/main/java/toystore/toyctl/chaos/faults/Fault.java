package toystore.toyctl.chaos.faults;

import java.io.IOException;

/** A fault that can be injected into a store and healed again. */
public sealed interface Fault
    permits KillFault,
        PauseFault,
        NetworkFault,
        DiskFault,
        FullDiskFault,
        PowerLossFault,
        ResourceLimitFault {
  /** Injects the fault. If this fails half-way, {@link #heal} still undoes what was done. */
  void inject() throws IOException, InterruptedException;

  /** Heals the fault and waits until all affected nodes serve again. */
  void heal() throws IOException, InterruptedException;

  /** What happens, for a timeline; for example "order-3 is killed". */
  String description();
}
