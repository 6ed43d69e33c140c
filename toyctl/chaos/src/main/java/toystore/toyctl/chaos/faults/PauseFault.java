package toystore.toyctl.chaos.faults;

import java.io.IOException;

/** Pauses a process with SIGSTOP and resumes it with SIGCONT. */
public final class PauseFault implements Fault {
  private final StoreProcesses processes;
  private final String node;
  private long pid;

  public PauseFault(StoreProcesses processes, String node) {
    this.processes = processes;
    this.node = node;
  }

  @Override
  public void inject() throws IOException, InterruptedException {
    pid = processes.process(node).pid();
    ExternalProgram.run("kill", "-STOP", Long.toString(pid));
  }

  @Override
  public void heal() throws IOException, InterruptedException {
    if (pid != 0) {
      ExternalProgram.run("kill", "-CONT", Long.toString(pid));
    }
  }

  @Override
  public String description() {
    return node + " is paused";
  }
}
