package toystore.toyctl.cluster.datadir;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import toystore.client.Deadline;

/** Whether a process still holds ports and files. */
public final class ProcessLiveness {
  private static final Duration POLL = Duration.ofMillis(10);

  private ProcessLiveness() {}

  /**
   * Whether the process may still hold resources. Java counts a zombie as alive. In a container
   * whose first process does not reap its children, a killed node stays a zombie if the process
   * that started it is gone. A zombie with threads that are still ending counts as alive, because
   * its ports and files are not free yet.
   */
  public static boolean isAlive(ProcessHandle process) {
    if (!process.isAlive()) {
      return false;
    }
    try {
      Path stat = Path.of("/proc", Long.toString(process.pid()), "stat");
      return !isZombieWithoutThreads(Files.readString(stat, StandardCharsets.ISO_8859_1));
    } catch (IOException _) {
      // This system has no /proc, or the process has just ended.
      return process.isAlive();
    }
  }

  /** Parses {@code /proc/PID/stat}, see proc(5). */
  static boolean isZombieWithoutThreads(String stat) {
    // "pid (command) state …": the command itself may contain parentheses and spaces.
    List<String> fields =
        Pattern.compile(" ")
            .splitAsStream(stat.substring(stat.lastIndexOf(')') + 1).strip())
            .toList();
    // The state is the third field of the line and the first here; the thread count is the 20th.
    return fields.size() > 17 && fields.get(0).equals("Z") && Long.parseLong(fields.get(17)) <= 1;
  }

  /**
   * Waits until the process has ended.
   *
   * @return false if the deadline passed first
   */
  public static boolean awaitEnd(ProcessHandle process, Deadline deadline)
      throws InterruptedException {
    while (isAlive(process)) {
      if (deadline.passed()) {
        return false;
      }
      deadline.pause(POLL);
    }
    return true;
  }
}
