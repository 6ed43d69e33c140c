package toystore.db.storage;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** Quarantines damaged files and directories by renaming them. Never deletes anything. */
public final class Quarantine {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss-SSS", Locale.ROOT);

  private Quarantine() {}

  /**
   * Renames a file or directory to {@code NAME.quarantine-TIME} (UTC), in the same directory.
   *
   * @return the new path
   * @throws StorageException if it cannot be renamed
   */
  public static Path setAside(Path path) {
    Path quarantined =
        path.resolveSibling(
            path.getFileName() + ".quarantine-" + LocalDateTime.now(ZoneOffset.UTC).format(TIME));
    try {
      return Files.move(path, quarantined, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new StorageException("cannot rename " + path + " to " + quarantined.getFileName(), e);
    }
  }
}
