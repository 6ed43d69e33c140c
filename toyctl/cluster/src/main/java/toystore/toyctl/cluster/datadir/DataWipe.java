package toystore.toyctl.cluster.datadir;

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
import toystore.config.Topology.Node;

/** Deletes the files that the store created in its data directory, and no other files. */
public final class DataWipe {
  /** The names in the directory of a node: database, Raft log, their quarantined copies, owner. */
  private static final Pattern MADE_BY_NODES =
      Pattern.compile("(orders|catalog)\\.(mv|trace)\\.db.*|raft(\\.quarantine-.*)?|owner");

  private DataWipe() {}

  /** Deletes the data, logs and run files of all nodes, and then the cluster file. */
  public static void contents(Path data, StoreConfig config) throws IOException {
    RunFiles runs = new RunFiles(data);
    Path logs = NodeLog.directory(data);
    // Nodes record here that they have been members of their group.
    Path members = data.resolve("members");
    for (Node node : config.nodes()) {
      deleteNode(data.resolve(node.name()));
      Files.deleteIfExists(NodeLog.path(data, node.name()));
      Files.deleteIfExists(NodeLog.crashPath(data, node.name()));
      Files.deleteIfExists(members.resolve(node.name()));
      runs.delete(node.name());
    }
    Files.deleteIfExists(NodeLog.path(data, RunFiles.SUPERVISOR));
    Files.deleteIfExists(runs.supervisorPath());
    Files.deleteIfExists(runs.lockPath());
    deleteIfEmpty(members);
    deleteIfEmpty(logs);
    deleteIfEmpty(runs.directory());
    // This file comes last: it names the owner of the rest if the deletion is interrupted.
    Files.deleteIfExists(ClusterFile.path(data));
  }

  private static void deleteNode(Path directory) throws IOException {
    if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
      for (Path entry : entries) {
        if (MADE_BY_NODES.matcher(String.valueOf(entry.getFileName())).matches()) {
          deleteTree(entry);
        }
      }
    }
    deleteIfEmpty(directory);
  }

  /** Deletes a directory that belongs to this process alone, with everything in it. */
  public static void all(Path directory) throws IOException {
    deleteTree(directory);
  }

  // Deletes symbolic links without following them.
  private static void deleteTree(Path root) throws IOException {
    try {
      Files.walkFileTree(root, new TreeDeleter());
    } catch (NoSuchFileException _) {
      // The directory does not exist, so there is nothing to delete.
    }
  }

  private static final class TreeDeleter extends SimpleFileVisitor<Path> {
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

  private static void deleteIfEmpty(Path directory) throws IOException {
    try {
      Files.deleteIfExists(directory);
    } catch (DirectoryNotEmptyException _) {
      // The directory contains files that do not belong to the store.
    }
  }
}
