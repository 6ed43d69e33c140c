package toystore.toyctl;

/** For whom stdout is written. */
enum Output {
  /** People. */
  TABLE,
  /** Programs: stdout carries one JSON value and nothing else. */
  JSON
}
