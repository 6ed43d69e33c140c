package toystore.toyctl.cli.context;

/** The format of the standard output. */
enum OutputFormat {
  /** Text and tables. */
  TABLE,
  /** One JSON value and nothing else. */
  JSON
}
