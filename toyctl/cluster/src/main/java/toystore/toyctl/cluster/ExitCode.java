package toystore.toyctl.cluster;

/** What the exit codes mean. Scripts rely on them. */
public final class ExitCode {
  public static final int OK = 0;
  public static final int FAILED = 1;
  public static final int USAGE = 2;
  public static final int NOT_RUNNING = 3;
  public static final int STATE_UNKNOWN = 4;

  /** The time was up; what was asked for may still happen. */
  public static final int TIMED_OUT = 5;

  /** A port or the data directory belongs to someone else. */
  public static final int IN_USE = 6;

  public static final int VERIFICATION_FAILED = 7;
  public static final int DEGRADED = 10;
  public static final int NO_QUORUM = 11;

  private ExitCode() {}
}
