package toystore.toyctl.chaos.faults;

import java.io.IOException;
import java.util.List;
import toystore.toyctl.chaos.check.Wording;

/** Processes end at once, all together (SIGKILL). */
public record KillFault(StoreProcesses nodes, List<String> victims) implements Fault {
  public KillFault {
    victims = List.copyOf(victims);
  }

  @Override
  public void inject() throws IOException, InterruptedException {
    nodes.kill(victims);
  }

  @Override
  public void heal() throws IOException, InterruptedException {
    nodes.start(victims);
  }

  @Override
  public String sentence() {
    return Wording.all(victims) + (victims.size() == 1 ? " is killed" : " are killed at once");
  }
}
