package toystore.db.log;

import org.jspecify.annotations.Nullable;

/** The files of a replicated log cannot be used; the message names the files and the reason. */
public final class LogStorageException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public LogStorageException(String message) {
    this(message, null);
  }

  public LogStorageException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
