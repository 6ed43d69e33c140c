package toystore.faults;

import java.io.IOException;
import java.util.List;

/** Processes end at once, all together (SIGKILL). */
public record Kill(Nodes nodes, List<String> victims) implements Fault {
  public Kill {
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
    return Words.all(victims) + (victims.size() == 1 ? " is killed" : " are killed at once");
  }
}
