package toystore.toyctl.cluster.datadir;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** The log files of the processes, in the directory {@code logs/} of the data directory. */
public final class NodeLog {
  private NodeLog() {}

  public static Path directory(Path data) {
    return data.resolve("logs");
  }

  /** The file to which the process of a node, or the supervisor, writes its output. */
  public static Path path(Path data, String node) {
    return directory(data).resolve(node + ".log");
  }

  /** The file in which the JVM of a node describes its own crash. */
  public static Path crashPath(Path data, String node) {
    return path(data, node + "-jvm");
  }

  /**
   * Reads the end of a log.
   *
   * @param from the position in bytes before which nothing is read
   * @param limit the largest number of bytes to read
   */
  public static String tail(Path log, long from, int limit) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(log.toFile(), "r")) {
      file.seek(Math.max(Math.min(from, file.length()), file.length() - limit));
      byte[] bytes = new byte[(int) (file.length() - file.getFilePointer())];
      file.readFully(bytes);
      return new String(bytes, StandardCharsets.UTF_8);
    }
  }
}
