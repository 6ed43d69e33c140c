package toystore.faults;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Nodes lose power, all at one moment: their processes are gone, and of what they wrote only what
 * had reached the disk is there. A {@link Kill} leaves the kernel's memory as it is; this does not.
 */
public final class PowerLoss implements Fault {
  private final Nodes nodes;
  private final Map<String, SmallDisk> disks;

  /**
   * @param disks of all nodes that lose power
   */
  public PowerLoss(Nodes nodes, Map<String, SmallDisk> disks) {
    this.nodes = nodes;
    this.disks = new LinkedHashMap<>(disks);
  }

  @Override
  public void inject() throws IOException, InterruptedException {
    try {
      // From here on nobody acknowledges anything, so all disks are as of one moment.
      for (String victim : disks.keySet()) {
        new Pause(nodes, victim).inject();
      }
      for (SmallDisk disk : disks.values()) {
        disk.copy();
      }
    } finally {
      nodes.kill(disks.keySet());
    }
    for (SmallDisk disk : disks.values()) {
      disk.goOnWithCopy();
    }
  }

  @Override
  public void heal() throws IOException, InterruptedException {
    nodes.start(disks.keySet());
  }

  @Override
  public String sentence() {
    return Words.all(List.copyOf(disks.keySet()))
        + (disks.size() == 1 ? " loses power" : " lose power at once");
  }
}
