package toystore.toyctl.chaos.faults;

import java.io.IOException;
import java.util.List;

/** Fills the file system of a node, so that no more data can be written. */
public record FullDiskFault(StoreProcesses processes, String node, LoopDisk disk) implements Fault {
  @Override
  public void inject() throws IOException, InterruptedException {
    disk.fill();
  }

  @Override
  public void heal() throws IOException, InterruptedException {
    disk.free();
    processes.start(List.of(node));
  }

  @Override
  public String description() {
    return "the disk of " + node + " is full";
  }
}
