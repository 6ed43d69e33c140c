package toystore.toyctl.cli;

/** For whom stdout is written. */
enum OutputFormat {
  /** People. */
  TABLE,
  /** Programs: stdout carries one JSON value and nothing else. */
  JSON
}
