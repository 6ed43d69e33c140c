package toystore.toyctl.chaos.store;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import toystore.client.Deadline;
import toystore.config.StoreConfig;
import toystore.config.Topology.Node;
import toystore.toyctl.cluster.ErrorText;
import toystore.toyctl.cluster.datadir.ExitReason;
import toystore.toyctl.cluster.datadir.NodeLog;
import toystore.toyctl.cluster.process.Cluster;

/** Collects what the nodes logged, to explain a failure. */
final class NodeEvidence {
  private static final Duration DUMP_TIMEOUT = Duration.ofSeconds(3);
  private static final Duration POLL_INTERVAL = Duration.ofMillis(5);

  /** The last line of a thread dump begins with this. */
  private static final String END_OF_DUMP = "JNI global refs";

  /** Only this many bytes at the end of each log are collected. */
  private static final int TAIL = 64 << 10;

  private final StoreConfig config;
  private final Cluster cluster;

  NodeEvidence(StoreConfig config, Cluster cluster) {
    this.config = config;
    this.cluster = cluster;
  }

  /** The last reason that a node gave for its end. */
  String exitReason(String node) {
    String reason = ExitReason.of(cluster.log(config.node(node)), 0);
    return reason == null ? "the log gives no reason" : reason;
  }

  /** The end of the log of each node. Running nodes first write a thread dump into their log. */
  String collect() throws InterruptedException {
    StringBuilder text = new StringBuilder();
    for (Node node : config.nodes()) {
      Optional<ProcessHandle> process = cluster.process(node);
      text.append("\n=== ").append(node.name()).append(process.isPresent() ? "" : " (ended)");
      text.append('\n').append(logTail(cluster.log(node), process));
    }
    return text.toString();
  }

  private static String logTail(Path log, Optional<ProcessHandle> process)
      throws InterruptedException {
    try {
      if (process.isPresent()) {
        // On SIGQUIT, a JVM writes a thread dump to its output.
        String pid = Long.toString(process.get().pid());
        var _ = new ProcessBuilder("kill", "-QUIT", pid).start();
        Deadline deadline = Deadline.in(DUMP_TIMEOUT);
        while (!NodeLog.tail(log, 0, TAIL).contains(END_OF_DUMP) && !deadline.passed()) {
          deadline.pause(POLL_INTERVAL);
        }
      }
      return NodeLog.tail(log, 0, TAIL);
    } catch (IOException e) {
      return "the log cannot be read: " + ErrorText.reason(e);
    }
  }
}
