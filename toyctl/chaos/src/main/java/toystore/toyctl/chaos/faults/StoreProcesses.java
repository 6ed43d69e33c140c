package toystore.toyctl.chaos.faults;

import java.io.IOException;

/** The processes of a store that faults are done to. */
public interface StoreProcesses {
  /**
   * The live process of a node.
   *
   * @throws IOException if it does not run
   */
  ProcessHandle process(String node) throws IOException;

  /** Ends processes at once (SIGKILL), and returns when they are gone. */
  void kill(Iterable<String> nodes) throws IOException, InterruptedException;

  /** Starts those of the nodes that do not run; returns when they serve and have caught up. */
  void start(Iterable<String> nodes) throws IOException, InterruptedException;
}
