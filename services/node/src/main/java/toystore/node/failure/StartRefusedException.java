package toystore.node.failure;

import org.jspecify.annotations.Nullable;

/** A port or a directory that the node needs is not available. The message states which one. */
public final class StartRefusedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public StartRefusedException(String message) {
    this(message, null);
  }

  public StartRefusedException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
