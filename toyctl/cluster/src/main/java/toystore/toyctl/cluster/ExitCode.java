package toystore.toyctl.cluster;

/** The exit codes of {@code toyctl}. They are part of its interface: scripts rely on them. */
public final class ExitCode {
  public static final int OK = 0;
  public static final int FAILED = 1;

  /** The command line or the settings are invalid. */
  public static final int USAGE = 2;

  public static final int NOT_RUNNING = 3;
  public static final int STATE_UNKNOWN = 4;

  /** The deadline passed. The operation may still complete. */
  public static final int TIMED_OUT = 5;

  /** Another process uses a port, or the data directory belongs to another cluster. */
  public static final int IN_USE = 6;

  public static final int VERIFICATION_FAILED = 7;

  /** Reported by {@code toyctl status} only. */
  public static final int DEGRADED = 10;

  /** Reported by {@code toyctl status} only. */
  public static final int NO_QUORUM = 11;

  private ExitCode() {}
}
