package toystore.toyctl.chaos;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import toystore.toyctl.chaos.check.LatencySummary;
import toystore.toyctl.cluster.TextTable;

/**
 * The result of {@code toyctl chaos}.
 *
 * @param faults the number of injected faults of each kind
 * @param impossible the kinds of faults that this machine does not support
 * @param halts how often a node halted because of a fault and was started again
 * @param purchases the latency of purchases, retries included
 * @param errors the number of responses with status 503
 * @param disturbances the number of requests without a response
 * @param marksMs when each fault was injected, in milliseconds since the start
 */
record ChaosReport(
    long seed,
    int clients,
    int frontEnds,
    double seconds,
    Map<String, Integer> faults,
    List<String> impossible,
    int halts,
    long orders,
    long reads,
    LatencySummary purchases,
    long errors,
    long disturbances,
    List<Long> marksMs,
    List<Integer> acknowledgedPerSecond,
    PromiseReport proof,
    List<FaultTimeline.Event> timeline)
    implements FaultReport {
  ChaosReport {
    faults = Map.copyOf(faults);
    impossible = List.copyOf(impossible);
    marksMs = List.copyOf(marksMs);
    acknowledgedPerSecond = List.copyOf(acknowledgedPerSecond);
    timeline = List.copyOf(timeline);
  }

  @Override
  public boolean holds() {
    return proof.holds();
  }

  private TextTable table() {
    TextTable table = new TextTable("FAULT", "TIMES");
    faults.entrySet().stream()
        .sorted(Map.Entry.comparingByKey())
        .forEach(entry -> table.row(entry.getKey(), entry.getValue()));
    return table;
  }

  private String figures() {
    return String.format(
        Locale.ROOT,
        """
        seed %d, %d clients, %d front ends, %.0f s, %d orders, %d reads
        latency of purchases, retries included: %s
        errors: %d responses with status 503, %d requests without a response
        nodes that halted because of a fault: %d
        not supported on this machine: %s
        """,
        seed,
        clients,
        frontEnds,
        seconds,
        orders,
        reads,
        purchases.inWords(),
        errors,
        disturbances,
        halts,
        impossible.isEmpty() ? "nothing" : String.join(", ", impossible));
  }

  private String conclusion() {
    int count = faults.values().stream().mapToInt(Integer::intValue).sum();
    return holds()
        ? "All promises held during " + count + " faults."
        : "A promise was broken after "
            + count
            + " faults. To repeat the choices: toyctl chaos --seed "
            + seed;
  }

  @Override
  public String text() {
    return table().render() + "\n\n" + figures() + proof.text() + "\n\n" + conclusion();
  }

  @Override
  public ReportPage page() {
    return new ReportPage(
        "Chaos, seed " + seed,
        holds(),
        List.of(conclusion()),
        table(),
        figures() + proof.text(),
        new ThroughputChart(acknowledgedPerSecond, marksMs),
        proof.findings(),
        timeline);
  }
}
