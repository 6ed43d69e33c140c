package toystore.toyctl.chaos.faults;

import java.io.IOException;

/** Something that goes wrong on purpose, and is made good again. */
public sealed interface Fault
    permits KillFault,
        PauseFault,
        NetworkFault,
        DiskFault,
        FullDiskFault,
        PowerLossFault,
        ResourceLimitFault {
  /** Does it. What was done is undone by {@link #heal} even if this failed half-way. */
  void inject() throws IOException, InterruptedException;

  /** Makes it good; returns when all nodes that were concerned serve again. */
  void heal() throws IOException, InterruptedException;

  /** What happens, for a timeline: "order-3 is killed". */
  String sentence();
}
