package toystore.node;

import org.jspecify.annotations.Nullable;

/**
 * Why the process ends: an exit code, and a last line on standard error that states the reason.
 * {@code toyctl} reads both.
 */
final class ProcessExit {
  // The exit codes that docs/operations.md lists.
  static final int FAILED = 1;
  static final int USAGE = 2;
  static final int IN_USE = 6;

  private static final String PREFIX = "toystore: ";

  private ProcessExit() {}

  /** Prints the reason on standard error. */
  static void print(String reason) {
    System.err.println(PREFIX + reason);
    System.err.flush();
  }

  /** A description of a failure: what failed, then the messages of its causes. */
  static String describe(String what, @Nullable Throwable cause) {
    return cause == null ? what : what + ": " + describe(cause);
  }

  /** The first lines of the messages of an exception and its causes, without repetitions. */
  static String describe(Throwable failure) {
    StringBuilder text = new StringBuilder();
    String last = "";
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      String message = cause.getMessage() == null ? cause.toString() : cause.getMessage();
      if (!last.contains(message)) {
        text.append(text.isEmpty() ? "" : ": ").append(message.lines().findFirst().orElse(""));
        last = message;
      }
    }
    return text.toString();
  }
}
