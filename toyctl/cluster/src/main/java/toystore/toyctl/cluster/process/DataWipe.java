package toystore.toyctl.cluster.process;

import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import toystore.config.StoreConfig;
import toystore.config.StoreConfig.Node;

/** Deletes what the store made in its data directory, name by name; nothing else. */
public final class DataWipe {
  /** What a node keeps in its directory: its data, what was set aside of them, log and owner. */
  private static final Pattern MADE_BY_NODES =
      Pattern.compile("(orders|catalog)\\.(mv|trace)\\.db.*|raft(\\.quarantine-.*)?|owner");

  private DataWipe() {}

  public static void contents(Path data, StoreConfig config) throws IOException {
    RunFiles runs = new RunFiles(data);
    Path logs = data.resolve("logs");
    // Where nodes note that they have been members of their group.
    Path members = data.resolve("members");
    for (Node node : config.nodes()) {
      node(data.resolve(node.name()));
      Files.deleteIfExists(NodeLauncher.log(data, node.name()));
      Files.deleteIfExists(NodeLauncher.crashLog(data, node.name()));
      Files.deleteIfExists(members.resolve(node.name()));
      runs.delete(node.name());
    }
    Files.deleteIfExists(NodeLauncher.log(data, Supervisor.NAME));
    Files.deleteIfExists(runs.supervisorPath());
    Files.deleteIfExists(runs.lockPath());
    ifEmpty(members);
    ifEmpty(logs);
    ifEmpty(runs.directory());
    // Last: until everything is gone, the directory still says whose the rest is.
    Files.deleteIfExists(ClusterFile.path(data));
  }

  private static void node(Path directory) throws IOException {
    if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
      for (Path entry : entries) {
        if (MADE_BY_NODES.matcher(String.valueOf(entry.getFileName())).matches()) {
          tree(entry);
        }
      }
    }
    ifEmpty(directory);
  }

  /** A directory that belongs to this process alone, with everything in it. */
  public static void all(Path directory) throws IOException {
    tree(directory);
  }

  // Does not follow symbolic links: of one that leads elsewhere, only the link goes.
  private static void tree(Path root) throws IOException {
    try {
      Files.walkFileTree(root, new Deleting());
    } catch (NoSuchFileException _) {
      // Gone already.
    }
  }

  private static final class Deleting extends SimpleFileVisitor<Path> {
    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
      Files.delete(file);
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException failure)
        throws IOException {
      if (failure != null) {
        throw failure;
      }
      Files.delete(directory);
      return FileVisitResult.CONTINUE;
    }
  }

  private static void ifEmpty(Path directory) throws IOException {
    try {
      Files.deleteIfExists(directory);
    } catch (DirectoryNotEmptyException _) {
      // Something in it is not the store's.
    }
  }
}
