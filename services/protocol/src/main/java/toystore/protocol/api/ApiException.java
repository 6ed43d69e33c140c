package toystore.protocol.api;

import org.jspecify.annotations.Nullable;

/** An answer other than success: the status and the text that the client is shown. */
public final class ApiException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int status;

  public ApiException(int status, String message) {
    this(status, message, null);
  }

  public ApiException(int status, String message, @Nullable Throwable cause) {
    // The message is the answer: a stack trace would only cost time on the hot path of refusals.
    super(message, cause, false, cause != null);
    this.status = status;
  }

  public int status() {
    return status;
  }

  public Problem problem() {
    return new Problem(status, String.valueOf(getMessage()));
  }

  public static ApiException badRequest(String message) {
    return new ApiException(400, message);
  }

  public static ApiException notFound(String message) {
    return new ApiException(404, message);
  }

  public static ApiException unavailable(String message) {
    return new ApiException(503, message);
  }
}
