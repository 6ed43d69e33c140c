package toystore.toyctl;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import toystore.api.StoreConfig.Node;

/**
 * A node that this command started.
 *
 * @param logStart where its part of the log begins; before that is what earlier processes wrote
 */
record NodeProcess(Node node, Process process, Path log, long logStart) {
  /** What a node writes before the reason for its end. */
  static final String REASON = "toystore: ";

  private static final int TAIL = 16_384;

  /** What the node itself said to be wrong, or how it ended if it could not say. */
  String reason() {
    String last = "";
    for (String line : tail().lines().toList()) {
      if (line.startsWith(REASON)) {
        last = line.substring(REASON.length());
      }
    }
    return last.isBlank() ? "the process ended with exit code " + process.exitValue() : last;
  }

  /** The node's exit code, as far as it means the same here. */
  int exitCode() {
    int code = process.exitValue();
    return code == ExitCode.USAGE || code == ExitCode.IN_USE ? code : ExitCode.FAILED;
  }

  private String tail() {
    try (RandomAccessFile file = new RandomAccessFile(log.toFile(), "r")) {
      file.seek(Math.max(logStart, file.length() - TAIL));
      byte[] bytes = new byte[(int) (file.length() - file.getFilePointer())];
      file.readFully(bytes);
      return new String(bytes, StandardCharsets.UTF_8);
    } catch (IOException _) {
      // The exit code is then all that can be told.
      return "";
    }
  }
}
