package toystore.db.log;

import org.jspecify.annotations.Nullable;

/**
 * The command is in the log, but whether it will be committed is not known: it may or may not have
 * been applied, or still be. Repeat it only if that does no harm.
 */
public final class IndeterminateException extends Exception {
  private static final long serialVersionUID = 1L;

  public IndeterminateException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
