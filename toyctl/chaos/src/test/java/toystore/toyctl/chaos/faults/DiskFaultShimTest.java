package toystore.toyctl.chaos.faults;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Uses a real process that writes files in the same way as H2 and the Raft log. */
class DiskFaultShimTest {
  @TempDir private Path temp = Path.of("");
  private @Nullable Process process;
  private @Nullable DiskFaultShim library;

  /** The main class of the process. It appends ten bytes or syncs for each line of its input. */
  public static final class Writer {
    private Writer() {}

    public static void main(String[] args) throws IOException {
      BufferedReader in = new BufferedReader(new InputStreamReader(System.in, UTF_8));
      try (FileChannel file =
          FileChannel.open(Path.of(args[0]), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
        for (String command = in.readLine(); command != null; command = in.readLine()) {
          System.out.println(result(file, command));
        }
      }
    }

    private static String result(FileChannel file, String command) {
      try {
        if (command.equals("sync")) {
          file.force(false);
        } else {
          file.write(ByteBuffer.wrap("0123456789".getBytes(UTF_8)));
        }
        return "done";
      } catch (IOException e) {
        return String.valueOf(e.getMessage());
      }
    }
  }

  @BeforeEach
  void start() throws IOException, InterruptedException {
    assumeThat(DiskFaultShim.isSupported()).as("needs Linux and gcc").isTrue();
    Path directory = temp.resolve("data");
    library =
        DiskFaultShim.forProcess(DiskFaultShim.compile(temp), temp.resolve("control"), directory);
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1",
            "-cp",
            Path.of("target", "test-classes").toString(),
            Writer.class.getName(),
            directory.resolve("file").toString());
    builder.environment().putAll(library().environment());
    process = builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
  }

  @AfterEach
  void stop() {
    if (process != null) {
      process.destroyForcibly();
    }
  }

  private DiskFaultShim library() {
    return Objects.requireNonNull(library);
  }

  private Process process() {
    return Objects.requireNonNull(process);
  }

  private String request(String command) throws IOException {
    OutputStream in = process().getOutputStream();
    in.write((command + "\n").getBytes(UTF_8));
    in.flush();
    BufferedReader out = process().inputReader(UTF_8);
    return String.valueOf(out.readLine());
  }

  private Map<String, Long> counts() {
    return Map.of(
        "writes", library().get(DiskFaultShim.Field.WRITES),
        "syncs", library().get(DiskFaultShim.Field.SYNCS));
  }

  @Test
  @DisplayName("Writes and syncs fail while the fault is armed, and succeed afterwards")
  void writesAndSyncsFailWhileArmed() throws IOException {
    assertThat(request("write")).isEqualTo("done");
    assertThat(request("sync")).isEqualTo("done");

    library().arm(DiskFaultShim.Field.WRITE_ERRNO, 28);
    assertThat(request("write")).contains("No space left");
    assertThat(request("sync")).isEqualTo("done");
    assertThat(counts()).containsEntry("writes", 1L).containsEntry("syncs", 1L);

    library().disarm();
    library().arm(DiskFaultShim.Field.SYNC_ERRNO, 5);
    assertThat(request("write")).isEqualTo("done");
    assertThat(request("sync")).contains("Input/output error");

    library().disarm();
    assertThat(request("sync")).isEqualTo("done");
    assertThat(temp.resolve("data/file")).hasSize(20);
  }

  @Test
  @DisplayName("The process is killed in the middle of the chosen write")
  void processIsKilledInTheChosenWrite() throws Exception {
    library().arm(DiskFaultShim.Field.WRITES_LEFT, 3);

    assertThat(request("write")).isEqualTo("done");
    assertThat(request("write")).isEqualTo("done");
    assertThat(request("write")).isEqualTo("null");

    assertThat(process().waitFor()).isEqualTo(128 + 9);
    assertThat(temp.resolve("data/file")).hasSize(25);
  }

  @Test
  @DisplayName("A slow sync takes the set time")
  void slowSyncTakesTheSetTime() throws IOException {
    assertThat(request("sync")).isEqualTo("done");
    library().arm(DiskFaultShim.Field.SYNC_DELAY_US, 100_000);
    long start = System.nanoTime();

    assertThat(request("sync")).isEqualTo("done");

    assertThat(System.nanoTime() - start).isGreaterThan(99_000_000L);
  }

  @Test
  @DisplayName("Files outside the directory are not affected")
  void filesOutsideTheDirectoryAreNotAffected() throws IOException {
    library().arm(DiskFaultShim.Field.WRITE_ERRNO, 28);

    // The process also writes its answer, to a pipe, and that write succeeds.
    assertThat(request("write")).contains("No space left");
    assertThat(counts()).containsEntry("writes", 1L);
    assertThat(Files.size(temp.resolve("data/file"))).isZero();
  }
}
