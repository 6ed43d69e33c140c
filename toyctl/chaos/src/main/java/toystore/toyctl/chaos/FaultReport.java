package toystore.toyctl.chaos;

/** The result of an experiment with faults. */
public interface FaultReport {
  /** Whether all promises held. */
  boolean holds();

  /** The check of each promise. */
  PromiseReport proof();

  /** The report as an HTML page. */
  ReportPage page();

  /** The report as text for a terminal. */
  String text();
}
