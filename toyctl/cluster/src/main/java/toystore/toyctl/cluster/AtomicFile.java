package toystore.toyctl.cluster;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** Replaces files atomically. */
public final class AtomicFile {
  private AtomicFile() {}

  /** Replaces the content of a file. A concurrent reader sees either the old or the new content. */
  public static void replace(Path file, byte[] content) throws IOException {
    Path next = file.resolveSibling(file.getFileName() + ".tmp" + ProcessHandle.current().pid());
    Files.write(next, content);
    Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
  }
}
