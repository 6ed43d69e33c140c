package toystore.db.log;

import org.jspecify.annotations.Nullable;

/**
 * The command is in the leader's log, but it is unknown whether it will be committed. It may have
 * been applied already, may be applied later, or may never be applied. Retry only if the command is
 * idempotent.
 */
public final class IndeterminateException extends Exception {
  private static final long serialVersionUID = 1L;

  public IndeterminateException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
