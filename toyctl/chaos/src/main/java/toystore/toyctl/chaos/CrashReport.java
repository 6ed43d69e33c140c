package toystore.toyctl.chaos;

import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import toystore.toyctl.chaos.check.FaultTimeline;
import toystore.toyctl.chaos.check.LatencySummary;
import toystore.toyctl.cluster.TextTable;

/**
 * What {@code toyctl demo crash} saw.
 *
 * @param target which node was killed: its name, or "leader"
 * @param purchases how long purchases took, retries included
 * @param gaps per crash, the longest time in which no client was acknowledged anything
 * @param slowest per crash, how long the slowest purchase of any client took
 * @param returns the same as gaps, while the node came back
 * @param errors answers of 503
 * @param disturbances requests without an answer
 */
record CrashReport(
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
  CrashReport {
    crashes = List.copyOf(crashes);
    acknowledgedPerSecond = List.copyOf(acknowledgedPerSecond);
    timeline = List.copyOf(timeline);
  }

  /**
   * One crash; times in milliseconds since the kill, except killedMs, which is since the beginning.
   *
   * @param lastBefore last acknowledgement before the longest gap; may be a little after the kill,
   *     of what was under way
   * @param elected another replica said that it leads; null where the victim did not lead
   * @param firstAfter the first acknowledgement after the gap
   * @param restarted the process was started again
   * @param caughtUp it serves and has all that the others had
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

  /** The same for a browser. */
  @Override
  public ReportPage page() {
    return new ReportPage(
        "Crash of " + target + ", " + crashes.size() + " times",
        holds(),
        closing(),
        table(),
        figures() + proof.text(),
        acknowledgedPerSecond,
        crashes.stream().map(Crash::killedMs).toList(),
        proof.findings(),
        timeline);
  }

  @Override
  public String text() {
    return table().render()
        + "\n(milliseconds since the kill)\n\n"
        + figures()
        + proof.text()
        + "\n\n"
        + String.join("\n", closing());
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
        gap without an acknowledgement, per crash: %s
        slowest purchase of any client, per crash: %s
        gap while the node comes back:             %s
        errors that clients got: %d answers of 503, %d requests without an answer
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

  /** The two questions of the recorded experiment, with this run's figures. */
  List<String> closing() {
    boolean seen = errors + disturbances > 0 || !proof.ledger().clean();
    return List.of(
        String.format(
            Locale.ROOT,
            "Can clients notice the failures, in purchases or in the final check? %s: %s in %d"
                + " crashes of %s; a purchase then took up to %.0f ms (median %.0f), against %.0f"
                + " ms otherwise (median); of %d acknowledged orders %d were found at the end, %d"
                + " were lost, %d were there twice.",
            seen ? "Yes" : "No",
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
                + " compared, %d orders; the stock is %s.",
            proof.replicasEqual() ? "Yes" : "No",
            proof.ledger().acknowledged(),
            proof.stockExact() ? "exactly what they say" : "NOT what they say"));
  }
}
