package toystore.toyctl.chaos.faults;

import java.io.IOException;
import java.util.List;

/** Kills processes with SIGKILL, all at the same time. */
public record KillFault(StoreProcesses processes, List<String> nodes) implements Fault {
  public KillFault {
    nodes = List.copyOf(nodes);
  }

  @Override
  public void inject() throws IOException, InterruptedException {
    processes.kill(nodes);
  }

  @Override
  public void heal() throws IOException, InterruptedException {
    processes.start(nodes);
  }

  @Override
  public String description() {
    return NodeNames.inWords(nodes) + (nodes.size() == 1 ? " is killed" : " are killed at once");
  }
}
