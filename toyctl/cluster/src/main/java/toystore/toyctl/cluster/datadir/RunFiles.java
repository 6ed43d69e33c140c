package toystore.toyctl.cluster.datadir;

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
import toystore.client.Deadline;
import toystore.protocol.codec.Json;
import toystore.toyctl.cluster.AtomicFile;
import toystore.toyctl.cluster.ErrorText;
import toystore.toyctl.cluster.ExitCode;
import toystore.toyctl.cluster.ToyctlException;

/** The run files of a data directory: one for each node that was started and not stopped. */
public final class RunFiles {
  /** The name of the supervisor in its run file and its log. */
  public static final String SUPERVISOR = "supervisor";

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

  /** Has another suffix than the run files of nodes, so that {@link #nodes} does not list it. */
  public Path supervisorPath() {
    return directory.resolve(SUPERVISOR);
  }

  Path lockPath() {
    return directory.resolve("lock");
  }

  public void write(RunFile run) throws IOException {
    Files.createDirectories(directory);
    AtomicFile.replace(path(run.node()), Json.toJson(run));
  }

  public void writeSupervisor(RunFile run) throws IOException {
    Files.createDirectories(directory);
    AtomicFile.replace(supervisorPath(), Json.toJson(run));
  }

  /** The run file of the supervisor. It stays after a crash, until the store is stopped. */
  public Optional<RunFile> supervisor() {
    return readFile(supervisorPath());
  }

  /** The run file of a node, or empty if the node was never started or was stopped. */
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
          ErrorText.reason(e) + "; delete the file when that node is not running",
          "toyctl status",
          e);
    }
  }

  /** The process of a node, if it is alive. */
  public Optional<ProcessHandle> process(String node) {
    return read(node).flatMap(RunFile::process);
  }

  /** The names of all nodes with a run file, including nodes that the settings no longer have. */
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
      // Another thread of this process holds the lock.
      return false;
    }
  }

  public void delete(String node) throws IOException {
    Files.deleteIfExists(path(node));
  }

  /**
   * Takes the lock of the data directory, which prevents other processes from starting nodes. It is
   * held from the check which nodes run until the last run file is written, but never while a
   * process waits for a node.
   */
  public Closeable lock(Deadline deadline) throws IOException, InterruptedException {
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
