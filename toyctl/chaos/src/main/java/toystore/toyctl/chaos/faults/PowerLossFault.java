package toystore.toyctl.chaos.faults;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import toystore.toyctl.chaos.check.Wording;

/**
 * Nodes lose power, all at one moment: their processes are gone, and of what they wrote only what
 * had reached the disk is there. A {@link KillFault} leaves the kernel's memory as it is; this does
 * not.
 */
public final class PowerLossFault implements Fault {
  private final StoreProcesses nodes;
  private final Map<String, LoopDisk> disks;

  /**
   * @param disks of all nodes that lose power
   */
  public PowerLossFault(StoreProcesses nodes, Map<String, LoopDisk> disks) {
    this.nodes = nodes;
    this.disks = new LinkedHashMap<>(disks);
  }

  @Override
  public void inject() throws IOException, InterruptedException {
    try {
      // From here on nobody acknowledges anything, so all disks are as of one moment.
      for (String victim : disks.keySet()) {
        new PauseFault(nodes, victim).inject();
      }
      for (LoopDisk disk : disks.values()) {
        disk.copy();
      }
    } finally {
      nodes.kill(disks.keySet());
    }
    for (LoopDisk disk : disks.values()) {
      disk.goOnWithCopy();
    }
  }

  @Override
  public void heal() throws IOException, InterruptedException {
    nodes.start(disks.keySet());
  }

  @Override
  public String sentence() {
    return Wording.all(List.copyOf(disks.keySet()))
        + (disks.size() == 1 ? " loses power" : " lose power at once");
  }
}
