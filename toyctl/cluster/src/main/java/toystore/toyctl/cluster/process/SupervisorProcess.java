package toystore.toyctl.cluster.process;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import toystore.client.Deadline;
import toystore.toyctl.cluster.ExitCode;
import toystore.toyctl.cluster.ToyctlException;
import toystore.toyctl.cluster.datadir.ProcessLiveness;
import toystore.toyctl.cluster.datadir.RunFile;
import toystore.toyctl.cluster.datadir.RunFiles;

/** Starts and ends the process that runs the {@link Supervisor}. */
final class SupervisorProcess {
  private final RunFiles runs;
  private final Supplier<NodeLauncher> launcher;

  SupervisorProcess(RunFiles runs, Supplier<NodeLauncher> launcher) {
    this.runs = runs;
    this.launcher = launcher;
  }

  /**
   * Starts the supervisor unless it is running.
   *
   * @param always whether to start it even if the store had no supervisor before
   * @return the pid of the supervisor, or empty if there is none
   */
  Optional<Long> start(boolean always, @Nullable Path catalog, Deadline deadline)
      throws IOException, InterruptedException {
    try (Closeable _ = runs.lock(deadline)) {
      Optional<RunFile> known = runs.supervisor();
      Optional<Long> running = known.flatMap(RunFile::process).map(ProcessHandle::pid);
      if (running.isPresent() || (!always && known.isEmpty())) {
        return running;
      }
      Process process = launcher.get().launchSupervisor(catalog);
      runs.writeSupervisor(RunFile.of(RunFiles.SUPERVISOR, process.toHandle(), "", 0));
      return Optional.of(process.pid());
    }
  }

  /** Kills the supervisor. The lock ensures that it is not starting a node at that moment. */
  void stop(Deadline deadline) throws IOException, InterruptedException {
    if (runs.supervisor().isEmpty()) {
      return;
    }
    try (Closeable _ = runs.lock(deadline)) {
      Optional<ProcessHandle> process = runs.supervisor().flatMap(RunFile::process);
      if (process.isPresent()) {
        boolean _ = process.get().destroyForcibly();
        if (!ProcessLiveness.awaitEnd(process.get(), deadline)) {
          throw new ToyctlException(
              ExitCode.TIMED_OUT,
              "supervisor",
              "killed, but the process has not ended yet",
              "toyctl down");
        }
      }
      Files.deleteIfExists(runs.supervisorPath());
    }
  }
}
