package toystore.toyctl.chaos;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import toystore.toyctl.chaos.check.FaultTimeline;
import toystore.toyctl.chaos.check.LatencySummary;
import toystore.toyctl.cluster.TextTable;

/**
 * What {@code toyctl chaos} came to.
 *
 * @param faults how many of each kind
 * @param impossible kinds that this machine cannot do
 * @param halts nodes that ended by themselves under a fault, and were started again
 * @param purchases how long purchases took, retries included
 * @param errors answers of 503
 * @param disturbances requests without an answer
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
        purchases, retries included: %s
        %d answers of 503, %d requests without an answer; %d nodes halted by themselves
        not possible here: %s
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

  private String closing() {
    int count = faults.values().stream().mapToInt(Integer::intValue).sum();
    return holds()
        ? "All promises held in " + count + " faults."
        : "A promise was broken within " + count + " faults; again by: toyctl chaos --seed " + seed;
  }

  @Override
  public String text() {
    return table().render() + "\n\n" + figures() + proof.text() + "\n\n" + closing();
  }

  @Override
  public ReportPage page() {
    return new ReportPage(
        "Chaos, seed " + seed,
        holds(),
        List.of(closing()),
        table(),
        figures() + proof.text(),
        acknowledgedPerSecond,
        marksMs,
        proof.findings(),
        timeline);
  }
}
