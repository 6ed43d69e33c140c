package toystore.toyctl;

/** What the exit codes mean. Scripts rely on them. */
final class ExitCode {
  static final int OK = 0;
  static final int FAILED = 1;
  static final int USAGE = 2;
  static final int NOT_RUNNING = 3;
  static final int STATE_UNKNOWN = 4;

  /** The time was up; what was asked for may still happen. */
  static final int TIMED_OUT = 5;

  /** A port or the data directory belongs to someone else. */
  static final int IN_USE = 6;

  static final int VERIFICATION_FAILED = 7;
  static final int DEGRADED = 10;
  static final int NO_QUORUM = 11;

  private ExitCode() {}
}
