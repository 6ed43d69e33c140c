package toystore.toyctl.cluster.verify;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;
import toystore.config.StoreConfig.Node;
import toystore.protocol.message.LoggedOrder;
import toystore.protocol.message.NodeStatus;
import toystore.toyctl.cluster.Wordings;
import toystore.toyctl.cluster.status.NodeClient;

/**
 * Compares the logs of several replicas row by row, in lockstep with the leader's, without holding
 * them in memory. Equality alone would not show what all replicas do wrong alike, so the leader's
 * rows are also checked by themselves: numbers without gaps, no id twice.
 */
final class LogComparison {
  private final NodeClient client;
  private final long orders;
  private final Duration pageLimit;

  private final Map<String, Long> ordered = new TreeMap<>();
  private final Set<UUID> ids = new HashSet<>();
  private final List<String> findings = new ArrayList<>();

  /**
   * @param orders how many orders the log holds at the fence: numbers 0 to orders - 1 are compared
   * @param pageLimit how long one page may take
   */
  LogComparison(NodeClient client, long orders, Duration pageLimit) {
    this.client = client;
    this.orders = orders;
    this.pageLimit = pageLimit;
  }

  /** One replica on its way through the log. */
  private static final class Walk {
    final Node node;
    final NodeStatus status;
    final LogCursor cursor;
    VerifyReport.Result result = VerifyReport.Result.EQUAL;
    @Nullable String hash;

    Walk(Node node, NodeStatus status, LogCursor cursor) {
      this.node = node;
      this.status = status;
      this.cursor = cursor;
      this.hash = status.hash();
    }

    boolean goesOn() {
      return result == VerifyReport.Result.EQUAL;
    }
  }

  /** What was found wrong, in words. */
  List<String> findings() {
    return List.copyOf(findings);
  }

  /** How many of each product the leader's log says were bought. */
  Map<String, Long> ordered() {
    return Map.copyOf(ordered);
  }

  /**
   * Compares the replicas that have reached the fence.
   *
   * @param replicas their statuses, the leader first
   */
  List<VerifyReport.Replica> compare(Map<Node, NodeStatus> replicas) throws InterruptedException {
    try (ExecutorService fetcher = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Walk> walks = new ArrayList<>();
      replicas.forEach(
          (node, status) ->
              walks.add(new Walk(node, status, new LogCursor(client, node, pageLimit, fetcher))));
      try {
        walk(walks.getFirst(), walks.subList(1, walks.size()));
      } finally {
        fetcher.shutdownNow();
      }
      return walks.stream().map(this::verdict).toList();
    }
  }

  private VerifyReport.Replica verdict(Walk walk) {
    boolean equal = walk.result == VerifyReport.Result.EQUAL;
    return new VerifyReport.Replica(
        walk.node.name(),
        equal ? Long.valueOf(orders) : walk.status.orders(),
        walk.hash,
        walk.result);
  }

  private void walk(Walk leader, List<Walk> followers) throws InterruptedException {
    for (long number = 0; number < orders; number++) {
      LoggedOrder expected = next(leader);
      if (leader.result == VerifyReport.Result.INCOMPLETE) {
        // There is nothing left to compare the others with.
        followers.stream().filter(Walk::goesOn).forEach(LogComparison::incomplete);
        return;
      }
      if (expected != null) {
        check(leader, expected, number);
      } else {
        diverged(leader, "order " + number + " is missing on the leader, " + leader.node.name());
      }
      for (Walk follower : followers) {
        if (follower.goesOn()) {
          compare(follower, next(follower), leader.node, expected, number);
        }
      }
      if (expected == null) {
        return;
      }
    }
  }

  private @Nullable LoggedOrder next(Walk walk) throws InterruptedException {
    try {
      return walk.cursor.next();
    } catch (IOException e) {
      incomplete(walk);
      findings.add(walk.node.name() + " could not be read to the end: " + Wordings.reason(e));
      return null;
    }
  }

  private static void incomplete(Walk walk) {
    walk.result = VerifyReport.Result.INCOMPLETE;
    walk.hash = walk.status.hash();
  }

  private void diverged(Walk walk, String finding) {
    walk.result = VerifyReport.Result.DIVERGED;
    walk.hash = walk.status.hash();
    findings.add(finding);
  }

  // Checks the leader's row by itself. A fault is told once; the rows after it are still compared.
  private void check(Walk leader, LoggedOrder row, long number) {
    Long _ = ordered.merge(row.name(), (long) row.quantity(), Long::sum);
    boolean fresh = ids.add(row.orderId());
    boolean freshHold = ids.add(row.holdId());
    if (!leader.goesOn()) {
      return;
    }
    leader.hash = row.hash();
    if (row.number() != number) {
      diverged(
          leader,
          "numbers are not dense: where order "
              + number
              + " belongs there is "
              + row.number()
              + " on "
              + leader.node.name());
    } else if (!fresh) {
      diverged(leader, "order id " + row.orderId() + " is there twice, again as order " + number);
    } else if (!freshHold) {
      diverged(leader, "hold id " + row.holdId() + " is there twice, again as order " + number);
    }
  }

  private void compare(
      Walk follower,
      @Nullable LoggedOrder found,
      Node leader,
      @Nullable LoggedOrder expected,
      long number) {
    if (!follower.goesOn()) {
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
