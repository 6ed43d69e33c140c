package toystore.toyctl.chaos;

/** What a run with faults came to. */
public interface FaultReport {
  /** Whether all promises held. */
  boolean holds();

  PromiseReport proof();

  ReportPage page();

  /** For people. */
  String text();
}
