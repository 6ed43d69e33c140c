package toystore.protocol.api;

import org.jspecify.annotations.Nullable;

/** An error response: its HTTP status, and the message for the client. */
public final class ApiException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int status;

  public ApiException(int status, String message) {
    this(status, message, null);
  }

  public ApiException(int status, String message, @Nullable Throwable cause) {
    // Refusals are frequent and their message is enough. A stack trace would only take time.
    super(message, cause, false, cause != null);
    this.status = status;
  }

  public int status() {
    return status;
  }

  public ApiProblem problem() {
    return new ApiProblem(status, String.valueOf(getMessage()));
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
