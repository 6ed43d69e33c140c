package toystore.toyctl.chaos;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import toystore.config.StoreConfig;
import toystore.protocol.message.LoggedOrder;
import toystore.toyctl.chaos.check.AcknowledgedOrders;
import toystore.toyctl.chaos.check.WorkloadMonitor;
import toystore.toyctl.cluster.ErrorText;
import toystore.toyctl.cluster.nodes.NodeClient;
import toystore.toyctl.cluster.verify.LogCursor;
import toystore.toyctl.cluster.verify.Verifier;
import toystore.toyctl.cluster.verify.VerifyReport;

/**
 * The check of every promise that clients can observe.
 *
 * @param ledger the comparison of the acknowledged orders with the order log
 * @param replicasEqual whether all replicas were running and hold the same rows (promise P4)
 * @param stockExact whether the stock matches the orders (promise P3)
 * @param findings descriptions of the first violations, including those that clients observed
 * @param findingCount the number of all violations
 */
public record PromiseReport(
    AcknowledgedOrders.Result ledger,
    boolean replicasEqual,
    boolean stockExact,
    List<String> findings,
    long findingCount) {
  public PromiseReport {
    findings = List.copyOf(findings);
  }

  /** Whether all promises held. */
  public boolean holds() {
    return ledger.clean() && replicasEqual && stockExact && findingCount == 0;
  }

  /**
   * Compares the store with what clients observed. All replicas must be running.
   *
   * @param soleClients whether only clients of this workload have ever bought in the store
   * @param timeout the time limit of each step: replicas reach the same index, a page of rows is
   *     read, holds end
   */
  public static PromiseReport of(
      StoreConfig config,
      NodeClient client,
      WorkloadMonitor monitor,
      boolean soleClients,
      Duration timeout)
      throws InterruptedException {
    // The audit must begin before the fence: orders acknowledged by now precede it in the log.
    AcknowledgedOrders.Audit audit = monitor.ledger().audit(soleClients);
    Verifier verifier = new Verifier(config, client, timeout);
    VerifyReport report = verifier.verify();
    List<String> findings = new ArrayList<>(verifier.findings());
    AcknowledgedOrders.Result ledger = audit(config, client, report, audit, timeout, findings);
    findings.addAll(monitor.violations().first());
    return new PromiseReport(
        ledger,
        report.replicas().stream().allMatch(r -> r.result() == VerifyReport.Result.EQUAL),
        !report.stock().isEmpty()
            && report.stock().stream().allMatch(p -> Boolean.TRUE.equals(p.exact())),
        findings,
        monitor.violations().count() + verifier.findings().size());
  }

  private static AcknowledgedOrders.Result audit(
      StoreConfig config,
      NodeClient client,
      VerifyReport report,
      AcknowledgedOrders.Audit audit,
      Duration timeout,
      List<String> findings)
      throws InterruptedException {
    VerifyReport.Replica read =
        report.replicas().reversed().stream()
            .filter(replica -> replica.result() == VerifyReport.Result.EQUAL)
            .findFirst()
            .orElse(report.replicas().getLast());
    Long orders = read.orders();
    try (ExecutorService fetcher = Executors.newVirtualThreadPerTaskExecutor()) {
      LogCursor log = new LogCursor(client, config.node(read.node()), timeout, fetcher);
      for (long row = 0; orders != null && row < orders; row++) {
        LoggedOrder order = log.next();
        if (order == null) {
          break;
        }
        audit.row(order);
      }
      fetcher.shutdownNow();
    } catch (IOException e) {
      findings.add("the log of " + read.node() + " cannot be read: " + ErrorText.reason(e));
    }
    return audit.finish();
  }

  /** The results as text, for a terminal. */
  public String text() {
    return String.format(
        Locale.ROOT,
        "orders: acknowledged %d, found %d, lost %d, duplicated %d, wrong %d, missing numbers %d\n"
            + "replicas equal: %s; stock exact: %s; violations: %d",
        ledger.acknowledged(),
        ledger.found(),
        ledger.lost(),
        ledger.duplicated(),
        ledger.wrong(),
        ledger.gaps(),
        replicasEqual ? "yes" : "NO",
        stockExact ? "yes" : "NO",
        findingCount);
  }
}
