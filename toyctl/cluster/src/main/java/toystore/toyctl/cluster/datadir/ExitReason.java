package toystore.toyctl.cluster.datadir;

import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Finds out from the log of a node that ended why it ended. */
public final class ExitReason {
  /** A node that ends itself writes its reason after this prefix. */
  private static final String NODE_PREFIX = "toystore: ";

  /** A JVM that ends itself, for example when its heap is full, writes its reason after this. */
  private static final String JVM_PREFIX = "Terminating due to ";

  /** A JVM that gets no more memory from the operating system writes this. */
  private static final String NO_MEMORY = "# There is insufficient memory";

  /** Only this many bytes at the end of the log are searched. */
  private static final int TAIL = 16_384;

  private ExitReason() {}

  /**
   * The last reason in a log, or null if there is none.
   *
   * @param from the position in bytes where the output of the process begins
   */
  public static @Nullable String of(Path log, long from) {
    String last = null;
    for (String line : tail(log, from).lines().toList()) {
      if (line.startsWith(NODE_PREFIX)) {
        last = line.substring(NODE_PREFIX.length());
      } else if (line.startsWith(JVM_PREFIX)) {
        last = line.substring(JVM_PREFIX.length());
      } else if (line.startsWith(NO_MEMORY)) {
        last = line.substring(2);
      }
    }
    return last == null || last.isBlank() ? null : last;
  }

  private static String tail(Path log, long from) {
    try {
      return NodeLog.tail(log, from, TAIL);
    } catch (IOException _) {
      // Without a readable log the reason is unknown.
      return "";
    }
  }
}
