package toystore.node.failure;

import org.jspecify.annotations.Nullable;

/** The node cannot start as it is set up; the message says what to change. */
public final class StartRefusedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public StartRefusedException(String message) {
    this(message, null);
  }

  public StartRefusedException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
