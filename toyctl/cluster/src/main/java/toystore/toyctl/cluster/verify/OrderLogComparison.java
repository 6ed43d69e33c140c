package toystore.toyctl.cluster.verify;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;
import toystore.config.Topology.Node;
import toystore.protocol.message.LoggedOrder;
import toystore.protocol.message.NodeStatus;
import toystore.toyctl.cluster.ErrorText;
import toystore.toyctl.cluster.nodes.NodeClient;

/**
 * Compares the logs of several replicas row by row with the log of the leader, without keeping them
 * in memory. Equal logs can still contain an error that all replicas have made, so the rows of the
 * leader are also checked by {@link LogRowCheck}.
 */
final class OrderLogComparison {
  private final NodeClient client;
  private final long orders;
  private final Duration pageTimeout;

  private final LogRowCheck rowCheck = new LogRowCheck();
  private final List<String> findings = new ArrayList<>();

  /**
   * @param orders the number of orders before the fence; orders 0 to orders - 1 are compared
   * @param pageTimeout the limit for reading one page
   */
  OrderLogComparison(NodeClient client, long orders, Duration pageTimeout) {
    this.client = client;
    this.orders = orders;
    this.pageTimeout = pageTimeout;
  }

  /** A replica whose log is being compared. */
  private static final class ReplicaLog {
    final Node node;
    final NodeStatus status;
    final LogCursor cursor;
    VerifyReport.Result result = VerifyReport.Result.EQUAL;

    /** The hash of the last equal row, or else the hash that the replica reported. */
    @Nullable String hash;

    ReplicaLog(Node node, NodeStatus status, LogCursor cursor) {
      this.node = node;
      this.status = status;
      this.cursor = cursor;
      this.hash = status.hash();
    }

    boolean isEqualSoFar() {
      return result == VerifyReport.Result.EQUAL;
    }

    void end(VerifyReport.Result other) {
      result = other;
      hash = status.hash();
    }
  }

  /** Descriptions of errors and differences. */
  List<String> findings() {
    return List.copyOf(findings);
  }

  /** How many of each product were ordered, by the log of the leader. */
  Map<String, Long> ordered() {
    return rowCheck.ordered();
  }

  /**
   * Compares the replicas that have applied the fence.
   *
   * @param replicas their statuses, the leader first
   */
  List<VerifyReport.Replica> compare(Map<Node, NodeStatus> replicas) throws InterruptedException {
    try (ExecutorService fetcher = Executors.newVirtualThreadPerTaskExecutor()) {
      List<ReplicaLog> logs = new ArrayList<>();
      replicas.forEach(
          (node, status) -> {
            LogCursor cursor = new LogCursor(client, node, pageTimeout, fetcher);
            logs.add(new ReplicaLog(node, status, cursor));
          });
      try {
        compareRows(logs.getFirst(), logs.subList(1, logs.size()));
      } finally {
        fetcher.shutdownNow();
      }
      return logs.stream().map(this::verdict).toList();
    }
  }

  private VerifyReport.Replica verdict(ReplicaLog log) {
    return new VerifyReport.Replica(
        log.node.name(),
        log.isEqualSoFar() ? Long.valueOf(orders) : log.status.orders(),
        log.hash,
        log.result);
  }

  private void compareRows(ReplicaLog leader, List<ReplicaLog> followers)
      throws InterruptedException {
    for (long number = 0; number < orders; number++) {
      LoggedOrder expected = next(leader);
      if (leader.result == VerifyReport.Result.INCOMPLETE) {
        // Without the log of the leader the other logs cannot be compared further.
        followers.stream()
            .filter(ReplicaLog::isEqualSoFar)
            .forEach(log -> log.end(VerifyReport.Result.INCOMPLETE));
        return;
      }
      if (expected != null) {
        check(leader, expected, number);
      } else {
        diverged(leader, "order " + number + " is missing on the leader, " + leader.node.name());
      }
      for (ReplicaLog follower : followers) {
        if (follower.isEqualSoFar()) {
          compare(follower, next(follower), leader.node, expected, number);
        }
      }
      if (expected == null) {
        return;
      }
    }
  }

  private @Nullable LoggedOrder next(ReplicaLog log) throws InterruptedException {
    try {
      return log.cursor.next();
    } catch (IOException e) {
      log.end(VerifyReport.Result.INCOMPLETE);
      findings.add(
          "the log of "
              + log.node.name()
              + " could not be read completely: "
              + ErrorText.reason(e));
      return null;
    }
  }

  private void diverged(ReplicaLog log, String finding) {
    log.end(VerifyReport.Result.DIVERGED);
    findings.add(finding);
  }

  // Only the first error of the leader is reported. The rows after it are still compared.
  private void check(ReplicaLog leader, LoggedOrder row, long number) {
    String error = rowCheck.check(row, number, leader.node.name());
    if (leader.isEqualSoFar()) {
      leader.hash = row.hash();
      if (error != null) {
        diverged(leader, error);
      }
    }
  }

  private void compare(
      ReplicaLog follower,
      @Nullable LoggedOrder found,
      Node leader,
      @Nullable LoggedOrder expected,
      long number) {
    if (!follower.isEqualSoFar()) {
      return;
    }
    if (found != null && found.equals(expected)) {
      follower.hash = found.hash();
      return;
    }
    if (found == null && expected == null) {
      return;
    }
    diverged(
        follower,
        "order "
            + number
            + " is the first that differs: "
            + leader.name()
            + " has "
            + (expected == null ? "none" : expected)
            + ", "
            + follower.node.name()
            + " has "
            + (found == null ? "none" : found));
  }
}
