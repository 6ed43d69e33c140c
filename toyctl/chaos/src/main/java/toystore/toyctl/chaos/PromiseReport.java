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
import toystore.toyctl.chaos.check.ConsistencyChecks;
import toystore.toyctl.chaos.check.OrderLedger;
import toystore.toyctl.cluster.Wordings;
import toystore.toyctl.cluster.status.NodeClient;
import toystore.toyctl.cluster.verify.LogCursor;
import toystore.toyctl.cluster.verify.Verifier;
import toystore.toyctl.cluster.verify.VerifyReport;

/**
 * What a run with faults came to: every promise that can be seen from outside.
 *
 * @param ledger acknowledged orders against the log
 * @param replicasEqual all replicas were there and hold the same rows (promise P4)
 * @param stockExact the stock is what the orders say (promise P3)
 * @param findings everything that is wrong, also what clients noticed while they shopped: the first
 *     of it, in words
 * @param findingCount how much is wrong
 */
public record PromiseReport(
    OrderLedger.Result ledger,
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
   * Compares the store with what its clients were told. All replicas must be there.
   *
   * @param alone nobody else has ever bought there
   * @param patience for replicas to reach one index, for each page of rows, for holds to end
   */
  public static PromiseReport of(
      StoreConfig config,
      NodeClient client,
      ConsistencyChecks checks,
      boolean alone,
      Duration patience)
      throws InterruptedException {
    // Before the fence: what is acknowledged by now must be in the log below it.
    OrderLedger.Audit audit = checks.ledger().audit(alone);
    Verifier verifier = new Verifier(config, client, patience);
    VerifyReport report = verifier.verify();
    List<String> findings = new ArrayList<>(verifier.findings());
    OrderLedger.Result ledger = audit(config, client, report, audit, patience, findings);
    findings.addAll(checks.findings().first());
    return new PromiseReport(
        ledger,
        report.replicas().stream().allMatch(r -> r.result() == VerifyReport.Result.EQUAL),
        !report.stock().isEmpty()
            && report.stock().stream().allMatch(p -> Boolean.TRUE.equals(p.exact())),
        findings,
        checks.findings().count() + verifier.findings().size());
  }

  private static OrderLedger.Result audit(
      StoreConfig config,
      NodeClient client,
      VerifyReport report,
      OrderLedger.Audit audit,
      Duration patience,
      List<String> findings)
      throws InterruptedException {
    VerifyReport.Replica read =
        report.replicas().reversed().stream()
            .filter(replica -> replica.result() == VerifyReport.Result.EQUAL)
            .findFirst()
            .orElse(report.replicas().getLast());
    Long orders = read.orders();
    try (ExecutorService fetcher = Executors.newVirtualThreadPerTaskExecutor()) {
      LogCursor log = new LogCursor(client, config.node(read.node()), patience, fetcher);
      for (long row = 0; orders != null && row < orders; row++) {
        LoggedOrder order = log.next();
        if (order == null) {
          break;
        }
        audit.row(order);
      }
      fetcher.shutdownNow();
    } catch (IOException e) {
      findings.add("the log of " + read.node() + " cannot be read: " + Wordings.reason(e));
    }
    return audit.finish();
  }

  /** In one line each, for people. */
  public String text() {
    return String.format(
        Locale.ROOT,
        "acknowledged %d, found %d, lost %d, duplicated %d, wrong %d, gaps in numbers %d\n"
            + "replicas equal: %s; stock exact: %s; other findings: %d",
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
