package toystore.toyctl.cluster.process;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** What a node that ended has said about it, in the part of the log that is its own. */
public final class ExitReason {
  private static final String OWN = "toystore: ";

  /** The virtual machine's word, where it ended itself. */
  private static final String MACHINE = "Terminating due to ";

  /** And where the system gave it nothing more. */
  private static final String NO_MEMORY = "# There is insufficient memory";

  private static final int TAIL = 16_384;

  private ExitReason() {}

  /**
   * The last reason in a log, or null if there is none.
   *
   * @param from where the process's part of the log begins
   */
  public static @Nullable String of(Path log, long from) {
    String last = null;
    for (String line : ownTail(log, from).lines().toList()) {
      if (line.startsWith(OWN)) {
        last = line.substring(OWN.length());
      } else if (line.startsWith(MACHINE)) {
        last = line.substring(MACHINE.length());
      } else if (line.startsWith(NO_MEMORY)) {
        last = line.substring(2);
      }
    }
    return last == null || last.isBlank() ? null : last;
  }

  private static String ownTail(Path log, long from) {
    try {
      return tail(log, from, TAIL);
    } catch (IOException _) {
      // That the process ended is then all that can be told.
      return "";
    }
  }

  /** The end of a log: at most so many bytes, and nothing from before a position. */
  public static String tail(Path log, long from, int most) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(log.toFile(), "r")) {
      file.seek(Math.max(Math.min(from, file.length()), file.length() - most));
      byte[] bytes = new byte[(int) (file.length() - file.getFilePointer())];
      file.readFully(bytes);
      return new String(bytes, StandardCharsets.UTF_8);
    }
  }
}
