package toystore.client;

import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** The result of one request to a front end. */
public sealed interface StoreResult<T> {
  /** The front end answered with status 200. */
  record Answered<T>(T value) implements StoreResult<T> {}

  /** The request did not succeed. */
  sealed interface Failed<T> extends StoreResult<T> {
    /** Whether the same request may succeed later, or at another front end. */
    boolean temporary();
  }

  /**
   * The front end answered with another status.
   *
   * @param message the message of the error, or the status as text if the body holds no error
   * @param retryAfter the value of the Retry-After header, or null without one
   */
  record Refused<T>(int status, String message, @Nullable Duration retryAfter)
      implements Failed<T> {
    @Override
    public boolean temporary() {
      return status == 503;
    }
  }

  /** No usable answer arrived. */
  record Unanswered<T>(Reason reason, IOException cause) implements Failed<T> {
    @Override
    public boolean temporary() {
      return reason != Reason.MALFORMED;
    }
  }

  /** Why no usable answer arrived. */
  enum Reason {
    /** No connection was made, so the front end did not receive the request. */
    UNREACHABLE,
    /** The deadline passed. The request may have had its effect. */
    TIMED_OUT,
    /** The connection broke. The request may have had its effect. */
    CONNECTION_LOST,
    /** The body of a response with status 200 is not what the API specifies. */
    MALFORMED
  }
}
