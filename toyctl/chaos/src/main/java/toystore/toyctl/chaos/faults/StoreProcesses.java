package toystore.toyctl.chaos.faults;

import java.io.IOException;

/** The processes of a store, as faults need them. */
public interface StoreProcesses {
  /**
   * The running process of a node.
   *
   * @throws IOException if the node is not running
   */
  ProcessHandle process(String node) throws IOException;

  /** Sends SIGKILL to the nodes and waits until their processes have ended. */
  void kill(Iterable<String> nodes) throws IOException, InterruptedException;

  /** Starts those of the nodes that are not running, and waits until they have caught up. */
  void start(Iterable<String> nodes) throws IOException, InterruptedException;
}
