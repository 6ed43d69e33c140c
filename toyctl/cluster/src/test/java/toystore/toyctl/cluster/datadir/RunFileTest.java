package toystore.toyctl.cluster.datadir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import toystore.client.Deadline;
import toystore.toyctl.cluster.ExitCode;
import toystore.toyctl.cluster.ToyctlException;

class RunFileTest {
  @TempDir private Path data = Path.of("");

  private final ProcessHandle self = ProcessHandle.current();

  @Test
  @DisplayName("A run file leads to the process that it names")
  void runFileFindsItsProcess() throws IOException {
    RunFiles runs = new RunFiles(data);
    runs.write(RunFile.of("order-1", self, "http://127.0.0.1:1", 0));

    assertThat(runs.process("order-1").map(ProcessHandle::pid)).contains(self.pid());
    assertThat(runs.nodes()).containsExactly("order-1");
    assertThat(runs.read("order-2")).isEmpty();
  }

  @Test
  @DisplayName("A process that reuses the pid of a node is not taken for the node")
  void reusedPidIsNotTheNode() throws IOException {
    RunFile mine = RunFile.of("order-1", self, "http://127.0.0.1:1", 0);
    RunFile earlier =
        new RunFile(
            "order-1", self.pid(), mine.startedAt() - 60_000, "", 0, RunFile.DesiredState.RUN, 0);

    assertThat(mine.process()).isPresent();
    assertThat(earlier.process()).isEmpty();
  }

  @Test
  @DisplayName("A process that has ended is not returned")
  void endedProcessIsNotTheNode() throws Exception {
    Process process = new ProcessBuilder("true").start();
    RunFile run = RunFile.of("order-1", process.toHandle(), "http://127.0.0.1:1", 0);
    assertThat(process.waitFor()).isZero();

    assertThat(run.process()).isEmpty();
  }

  @Test
  @DisplayName("A zombie counts as ended once its last thread has ended")
  void zombieEndsWithItsLastThread() {
    String rest = " 1 7 7 0 -1 4227084 0 0 0 0 9 3 0 0 20 0 %d 0 12345 0 0\n";

    assertThat(
            ProcessLiveness.isZombieWithoutThreads(
                "7 (java) Z" + String.format(Locale.ROOT, rest, 1)))
        .isTrue();
    assertThat(
            ProcessLiveness.isZombieWithoutThreads(
                "7 (java) Z" + String.format(Locale.ROOT, rest, 30)))
        .isFalse();
    assertThat(
            ProcessLiveness.isZombieWithoutThreads(
                "7 (a) Z (b) S" + String.format(Locale.ROOT, rest, 1)))
        .isFalse();
  }

  @Test
  @DisplayName("A broken run file is an error and is not taken for a stopped node")
  void brokenRunFileIsAnError() throws IOException {
    RunFiles runs = new RunFiles(data);
    Files.createDirectories(runs.directory());
    Files.writeString(runs.path("order-1"), "{");

    assertThatThrownBy(() -> runs.read("order-1"))
        .isInstanceOfSatisfying(
            ToyctlException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.STATE_UNKNOWN));
  }

  @Test
  @DisplayName("The lock can be taken again after it was closed")
  void closedLockCanBeTakenAgain() throws Exception {
    RunFiles runs = new RunFiles(data);
    try (Closeable _ = runs.lock(Deadline.in(Duration.ofSeconds(1)))) {
      assertThat(runs.lockPath()).exists();
    }
    try (Closeable again = runs.lock(Deadline.in(Duration.ofSeconds(1)))) {
      assertThat(again).isNotNull();
    }
    assertThat(runs.nodes()).isEmpty();
  }
}
