package toystore.toyctl.cluster;

import org.jspecify.annotations.Nullable;

/** An operation failed. The exception says what failed, why, and which command can help. */
public final class ToyctlException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int exitCode;
  private final String what;
  private final String why;
  private final @Nullable String remedy;

  public ToyctlException(int exitCode, String what, String why, @Nullable String remedy) {
    this(exitCode, what, why, remedy, null);
  }

  /**
   * @param exitCode one of {@link ExitCode}, for the process that reports this failure
   * @param what the operation or object that failed
   * @param why the reason, in one line
   * @param remedy a command that the user can type next, or null if none helps
   * @param cause the exception behind this one, or null
   */
  public ToyctlException(
      int exitCode, String what, String why, @Nullable String remedy, @Nullable Throwable cause) {
    super(what + ": " + why, cause);
    this.exitCode = exitCode;
    this.what = what;
    this.why = why;
    this.remedy = remedy;
  }

  public int exitCode() {
    return exitCode;
  }

  public String what() {
    return what;
  }

  public String why() {
    return why;
  }

  public @Nullable String remedy() {
    return remedy;
  }
}
