package toystore.toyctl.chaos.faults;

import java.io.IOException;
import java.util.List;

/** Nothing more can be written: the file system of a node is full. */
public record FullDiskFault(StoreProcesses nodes, String victim, LoopDisk disk) implements Fault {
  @Override
  public void inject() throws IOException, InterruptedException {
    disk.fill();
  }

  @Override
  public void heal() throws IOException, InterruptedException {
    disk.free();
    nodes.start(List.of(victim));
  }

  @Override
  public String sentence() {
    return "the disk of " + victim + " is full";
  }
}
