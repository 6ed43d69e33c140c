package toystore.toyctl.cluster;

import org.jspecify.annotations.Nullable;

/** A command did not do what was asked: what, why, and which command helps. */
public final class ToyctlException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int exitCode;
  private final String what;
  private final String why;
  private final @Nullable String remedy;

  public ToyctlException(int exitCode, String what, String why, @Nullable String remedy) {
    this(exitCode, what, why, remedy, null);
  }

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

  /** A command to type, or null if none would help. */
  public @Nullable String remedy() {
    return remedy;
  }
}
