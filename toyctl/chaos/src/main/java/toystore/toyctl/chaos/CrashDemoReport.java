package toystore.toyctl.chaos;

import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import toystore.toyctl.chaos.check.LatencySummary;
import toystore.toyctl.cluster.TextTable;

/**
 * The result of {@code toyctl demo crash}.
 *
 * @param target the node that was killed: its name, or "leader"
 * @param purchases the latency of purchases, retries included
 * @param gaps the longest time without an acknowledgement to any client, per crash
 * @param slowest the latency of the slowest purchase, per crash
 * @param returns the longest time without an acknowledgement while the node restarted, per crash
 * @param errors the number of responses with status 503
 * @param disturbances the number of requests without a response
 */
record CrashDemoReport(
    long seed,
    String target,
    int clients,
    double seconds,
    List<Crash> crashes,
    long orders,
    long reads,
    LatencySummary purchases,
    LatencySummary gaps,
    LatencySummary slowest,
    LatencySummary returns,
    long errors,
    long disturbances,
    List<Integer> acknowledgedPerSecond,
    PromiseReport proof,
    List<FaultTimeline.Event> timeline)
    implements FaultReport {
  CrashDemoReport {
    crashes = List.copyOf(crashes);
    acknowledgedPerSecond = List.copyOf(acknowledgedPerSecond);
    timeline = List.copyOf(timeline);
  }

  /**
   * One crash. Times are in milliseconds since the kill, except killedMs, which is since the start
   * of the experiment.
   *
   * @param lastBefore when the last purchase before the longest gap was acknowledged; this can be
   *     shortly after the kill, for purchases that were in progress
   * @param elected when another replica reported itself as leader, or null if the killed node was
   *     not the leader
   * @param successor the new leader, or null if the killed node was not the leader
   * @param firstAfter when the first purchase after the gap was acknowledged
   * @param restarted when the process was started again
   * @param caughtUp when the node was ready again with all data that the others had
   * @param gap the length of the longest time without an acknowledgement
   * @param slowest the latency of the slowest purchase in progress before the node was restarted
   * @param returnGap the longest time without an acknowledgement while the node restarted
   */
  record Crash(
      int number,
      String node,
      long killedMs,
      double lastBefore,
      @Nullable Double elected,
      @Nullable String successor,
      double firstAfter,
      double restarted,
      double caughtUp,
      double gap,
      double slowest,
      double returnGap) {
    TextTable row(TextTable table) {
      return table.row(
          number,
          node,
          round(lastBefore),
          elected == null ? null : round(elected),
          successor,
          round(firstAfter),
          round(gap),
          round(slowest),
          round(restarted),
          round(caughtUp));
    }

    private static long round(double ms) {
      return Math.round(ms);
    }
  }

  @Override
  public boolean holds() {
    return proof.holds();
  }

  @Override
  public ReportPage page() {
    return new ReportPage(
        "Crash of " + target + ", " + crashes.size() + " times",
        holds(),
        conclusions(),
        table(),
        figures() + proof.text(),
        new ThroughputChart(acknowledgedPerSecond, crashes.stream().map(Crash::killedMs).toList()),
        proof.findings(),
        timeline);
  }

  @Override
  public String text() {
    return table().render()
        + "\n(times in milliseconds since the kill)\n\n"
        + figures()
        + proof.text()
        + "\n\n"
        + String.join("\n", conclusions());
  }

  private TextTable table() {
    TextTable table =
        new TextTable(
            "CRASH",
            "NODE",
            "LAST ACK",
            "ELECTED",
            "LEADER",
            "FIRST ACK",
            "GAP",
            "SLOWEST",
            "RESTARTED",
            "CAUGHT UP");
    crashes.forEach(crash -> crash.row(table));
    return table;
  }

  private String figures() {
    return String.format(
        Locale.ROOT,
        """
        seed %d, %d clients, %.0f s, %d orders, %d reads
        time without an acknowledgement, per crash: %s
        slowest purchase, per crash:                %s
        the same time while the node restarts:      %s
        errors: %d responses with status 503, %d requests without a response
        """,
        seed,
        clients,
        seconds,
        orders,
        reads,
        gaps.inWords(),
        slowest.inWords(),
        returns.inWords(),
        errors,
        disturbances);
  }

  /** The answers to the two questions of the recorded experiment, with the figures of this run. */
  List<String> conclusions() {
    boolean noticed = errors + disturbances > 0 || !proof.ledger().clean();
    return List.of(
        String.format(
            Locale.ROOT,
            "Can clients notice the failures, in purchases or in the final check? %s: %s in %d"
                + " crashes of %s. The slowest purchase in a crash took %.0f ms (median %.0f ms)."
                + " The median of all purchases is %.0f ms. At the end, of %d acknowledged orders"
                + " %d were found, %d were lost, and %d were duplicated.",
            noticed ? "Yes" : "No",
            errors + disturbances == 0
                ? "no request failed"
                : (errors + disturbances) + " requests failed",
            crashes.size(),
            target,
            slowest.max(),
            slowest.p50(),
            purchases.p50(),
            proof.ledger().acknowledged(),
            proof.ledger().found(),
            proof.ledger().lost(),
            proof.ledger().duplicated()),
        String.format(
            Locale.ROOT,
            "Do all replicas end with the same database? %s: all rows of all replicas were"
                + " compared, with %d orders. The stock %s.",
            proof.replicasEqual() ? "Yes" : "No",
            proof.ledger().acknowledged(),
            proof.stockExact() ? "matches the orders" : "DOES NOT match the orders"));
  }
}
