package toystore.toyctl.chaos.faults;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Simulates that several nodes lose power at the same moment: their processes end, and writes that
 * had not reached the disk are lost. A {@link KillFault} keeps such writes, because they are in the
 * kernel's page cache.
 */
public final class PowerLossFault implements Fault {
  private final StoreProcesses processes;
  private final Map<String, LoopDisk> disks;

  /**
   * @param disks the disk of each node that loses power
   */
  public PowerLossFault(StoreProcesses processes, Map<String, LoopDisk> disks) {
    this.processes = processes;
    this.disks = new LinkedHashMap<>(disks);
  }

  @Override
  public void inject() throws IOException, InterruptedException {
    try {
      // Paused nodes acknowledge nothing, so the copies of all disks are of the same moment.
      for (String node : disks.keySet()) {
        new PauseFault(processes, node).inject();
      }
      for (LoopDisk disk : disks.values()) {
        disk.takeSnapshot();
      }
    } finally {
      processes.kill(disks.keySet());
    }
    for (LoopDisk disk : disks.values()) {
      disk.restoreSnapshot();
    }
  }

  @Override
  public void heal() throws IOException, InterruptedException {
    processes.start(disks.keySet());
  }

  @Override
  public String description() {
    return NodeNames.inWords(List.copyOf(disks.keySet()))
        + (disks.size() == 1 ? " loses power" : " lose power at once");
  }
}
