package toystore.db.storage;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** Sets damaged files and directories aside under another name. Nothing is ever deleted. */
public final class Quarantine {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss-SSS", Locale.ROOT);

  private Quarantine() {}

  /**
   * Renames a file or directory to {@code NAME.quarantine-TIME} (UTC), at the same place.
   *
   * @return its new path
   * @throws StorageException if it cannot be renamed
   */
  public static Path setAside(Path path) {
    Path aside =
        path.resolveSibling(
            path.getFileName() + ".quarantine-" + LocalDateTime.now(ZoneOffset.UTC).format(TIME));
    try {
      return Files.move(path, aside, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new StorageException("cannot set " + path + " aside as " + aside.getFileName(), e);
    }
  }
}
