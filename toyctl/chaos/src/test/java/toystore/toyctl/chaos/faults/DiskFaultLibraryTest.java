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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real process with a disk that fails, written to as H2 and the Raft log do. */
class DiskFaultLibraryTest {
  @TempDir private Path temp = Path.of("");
  private @Nullable Process process;
  private @Nullable DiskFaultLibrary shim;

  /** What the process runs: appends ten bytes, or syncs, when told to. */
  public static final class Writer {
    private Writer() {}

    public static void main(String[] args) throws IOException {
      BufferedReader in = new BufferedReader(new InputStreamReader(System.in, UTF_8));
      try (FileChannel file =
          FileChannel.open(Path.of(args[0]), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
        for (String word = in.readLine(); word != null; word = in.readLine()) {
          System.out.println(done(file, word));
        }
      }
    }

    private static String done(FileChannel file, String word) {
      try {
        if (word.equals("sync")) {
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
    assumeThat(DiskFaultLibrary.possible()).as("needs Linux and gcc").isTrue();
    Path directory = temp.resolve("data");
    shim = DiskFaultLibrary.of(DiskFaultLibrary.compile(temp), temp.resolve("control"), directory);
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1",
            "-cp",
            Path.of("target", "test-classes").toString(),
            Writer.class.getName(),
            directory.resolve("file").toString());
    builder.environment().putAll(shim().environment());
    process = builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
  }

  @AfterEach
  void stop() {
    if (process != null) {
      process.destroyForcibly();
    }
  }

  private DiskFaultLibrary shim() {
    return Objects.requireNonNull(shim);
  }

  private Process process() {
    return Objects.requireNonNull(process);
  }

  private String tell(String word) throws IOException {
    OutputStream in = process().getOutputStream();
    in.write((word + "\n").getBytes(UTF_8));
    in.flush();
    BufferedReader out = process().inputReader(UTF_8);
    return String.valueOf(out.readLine());
  }

  private Map<String, Long> seen() {
    return Map.of(
        "writes", shim().get(DiskFaultLibrary.Field.WRITES),
        "syncs", shim().get(DiskFaultLibrary.Field.SYNCS));
  }

  @Test
  void writesAndSyncsFailWhileTheyAreToldToAndNotAfter() throws IOException {
    assertThat(tell("write")).isEqualTo("done");
    assertThat(tell("sync")).isEqualTo("done");

    shim().arm(DiskFaultLibrary.Field.WRITE_ERRNO, 28);
    assertThat(tell("write")).contains("No space left");
    assertThat(tell("sync")).isEqualTo("done");
    assertThat(seen()).containsEntry("writes", 1L).containsEntry("syncs", 1L);

    shim().disarm();
    shim().arm(DiskFaultLibrary.Field.SYNC_ERRNO, 5);
    assertThat(tell("write")).isEqualTo("done");
    assertThat(tell("sync")).contains("Input/output error");

    shim().disarm();
    assertThat(tell("sync")).isEqualTo("done");
    assertThat(temp.resolve("data/file")).hasSize(20);
  }

  @Test
  void theProcessIsKilledInTheMiddleOfTheWriteThatWasNamed() throws Exception {
    shim().arm(DiskFaultLibrary.Field.WRITES_LEFT, 3);

    assertThat(tell("write")).isEqualTo("done");
    assertThat(tell("write")).isEqualTo("done");
    assertThat(tell("write")).isEqualTo("null");

    assertThat(process().waitFor()).isEqualTo(128 + 9);
    assertThat(temp.resolve("data/file")).hasSize(25);
  }

  @Test
  void aSlowSyncTakesItsTime() throws IOException {
    assertThat(tell("sync")).isEqualTo("done");
    shim().arm(DiskFaultLibrary.Field.SYNC_DELAY_US, 100_000);
    long begun = System.nanoTime();

    assertThat(tell("sync")).isEqualTo("done");

    assertThat(System.nanoTime() - begun).isGreaterThan(99_000_000L);
  }

  @Test
  void filesElsewhereAreLeftAlone() throws IOException {
    shim().arm(DiskFaultLibrary.Field.WRITE_ERRNO, 28);

    // Its answer is a write as well, to a pipe.
    assertThat(tell("write")).contains("No space left");
    assertThat(seen()).containsEntry("writes", 1L);
    assertThat(Files.size(temp.resolve("data/file"))).isZero();
  }
}
