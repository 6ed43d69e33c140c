package toystore.toyctl.chaos.faults;

import java.io.IOException;

/** A process stands still (SIGSTOP) and goes on later without having noticed (SIGCONT). */
public final class PauseFault implements Fault {
  private final StoreProcesses nodes;
  private final String victim;
  private long pid;

  public PauseFault(StoreProcesses nodes, String victim) {
    this.nodes = nodes;
    this.victim = victim;
  }

  @Override
  public void inject() throws IOException, InterruptedException {
    pid = nodes.process(victim).pid();
    ExternalProgram.run("kill", "-STOP", Long.toString(pid));
  }

  @Override
  public void heal() throws IOException, InterruptedException {
    if (pid != 0) {
      ExternalProgram.run("kill", "-CONT", Long.toString(pid));
    }
  }

  @Override
  public String sentence() {
    return victim + " stands still";
  }
}
