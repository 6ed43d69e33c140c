package toystore.toyctl.cluster.process;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import toystore.protocol.codec.Json;
import toystore.toyctl.cluster.CommandDeadline;
import toystore.toyctl.cluster.ExitCode;
import toystore.toyctl.cluster.ToyctlException;
import toystore.toyctl.cluster.Wordings;

/** The directory {@code run/}: which nodes were started here and not stopped. */
public final class RunFiles {
  private static final String SUFFIX = ".json";
  private static final Duration POLL = Duration.ofMillis(20);

  private final Path directory;

  public RunFiles(Path data) {
    this.directory = data.resolve("run");
  }

  Path directory() {
    return directory;
  }

  Path path(String node) {
    return directory.resolve(node + SUFFIX);
  }

  /** Not among the nodes' files: its name does not end like theirs. */
  Path supervisorPath() {
    return directory.resolve("supervisor");
  }

  Path lockPath() {
    return directory.resolve("lock");
  }

  public void write(RunFile run) throws IOException {
    Files.createDirectories(directory);
    Wordings.replace(path(run.node()), Json.toJson(run));
  }

  public void writeSupervisor(RunFile run) throws IOException {
    Files.createDirectories(directory);
    Wordings.replace(supervisorPath(), Json.toJson(run));
  }

  /** The supervisor's run file: also where it was killed, until the store is taken down. */
  public Optional<RunFile> supervisor() {
    return readFile(supervisorPath());
  }

  /** The node's run file, or nothing if it was never started here or was stopped. */
  public Optional<RunFile> read(String node) {
    return readFile(path(node));
  }

  private static Optional<RunFile> readFile(Path file) {
    try {
      return Optional.of(RunFile.read(Files.readAllBytes(file)));
    } catch (NoSuchFileException _) {
      return Optional.empty();
    } catch (IOException e) {
      throw new ToyctlException(
          ExitCode.STATE_UNKNOWN,
          "run file " + file,
          Wordings.reason(e) + "; delete it once that node does not run",
          "toyctl status",
          e);
    }
  }

  /** The node's process, if it lives. */
  public Optional<ProcessHandle> process(String node) {
    return read(node).flatMap(RunFile::process);
  }

  /** Names of all nodes with a run file, also of those that the configuration no longer has. */
  public List<String> nodes() throws IOException {
    if (!Files.isDirectory(directory)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(directory)) {
      return files
          .map(file -> String.valueOf(file.getFileName()))
          .filter(name -> name.endsWith(SUFFIX))
          .map(name -> name.substring(0, name.length() - SUFFIX.length()))
          .sorted()
          .toList();
    }
  }

  private static boolean tryLock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock() != null;
    } catch (OverlappingFileLockException _) {
      // Held by another thread of this process.
      return false;
    }
  }

  public void delete(String node) throws IOException {
    Files.deleteIfExists(path(node));
  }

  /**
   * Keeps others from starting nodes on this data directory. Held only from the look at what runs
   * to the last run file written; never while waiting for a node.
   */
  Closeable lock(CommandDeadline deadline) throws IOException, InterruptedException {
    Files.createDirectories(directory);
    FileChannel channel =
        FileChannel.open(lockPath(), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    try {
      while (true) {
        if (tryLock(channel)) {
          return channel;
        }
        if (deadline.passed()) {
          throw new ToyctlException(
              ExitCode.IN_USE,
              "data directory " + directory.getParent(),
              "another toyctl is starting nodes there",
              "toyctl status");
        }
        deadline.pause(POLL);
      }
    } catch (IOException | InterruptedException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }
}
