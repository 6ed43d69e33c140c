package toystore.toyctl.cluster;

import java.net.ConnectException;
import java.net.http.HttpTimeoutException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import toystore.client.StoreResult;

/** Describes exceptions for users. */
public final class ErrorText {
  private ErrorText() {}

  /** The reason why a request to the store failed, in one line. */
  public static String reason(StoreResult.Failed<?> failed) {
    return switch (failed) {
      case StoreResult.Refused<?> refused -> refused.message();
      case StoreResult.Unanswered<?> unanswered ->
          unanswered.reason() == StoreResult.Reason.MALFORMED
              ? "the answer is not the store's: " + reason(unanswered.cause())
              : reason(unanswered.cause());
    };
  }

  /** The reason why an operation failed, in one line. */
  public static String reason(Throwable e) {
    return switch (e) {
      case ConnectException _ -> "nothing listens there";
      case HttpTimeoutException _ -> "no answer in time";
      case NoSuchFileException _ -> "there is no such file";
      case AccessDeniedException _ -> "permission denied";
      case FileAlreadyExistsException _ -> "it is a file, not a directory";
      default -> {
        String message = e.getMessage();
        yield message == null || message.isBlank()
            ? e.getClass().getSimpleName()
            : message.lines().findFirst().orElse(message);
      }
    };
  }
}
