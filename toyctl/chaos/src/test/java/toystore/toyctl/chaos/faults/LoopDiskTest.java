package toystore.toyctl.chaos.faults;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LoopDiskTest {
  @TempDir private Path temp = Path.of("");
  private @Nullable LoopDisk disk;

  @BeforeEach
  void requireSupport() throws IOException, InterruptedException {
    assumeThat(LoopDisk.isSupported(temp)).as("needs root and loop devices").isTrue();
  }

  private LoopDisk mounted() throws IOException, InterruptedException {
    LoopDisk made = LoopDisk.mount(temp.resolve("disk.img"), temp.resolve("at"), 8);
    disk = made;
    return made;
  }

  @AfterEach
  void unmount() throws IOException, InterruptedException {
    if (disk != null) {
      disk.unmount();
    }
  }

  private void write(String name, String text, boolean sync) throws IOException {
    try (FileChannel file =
        FileChannel.open(
            temp.resolve("at").resolve(name),
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE)) {
      file.write(ByteBuffer.wrap(text.getBytes(UTF_8)));
      if (sync) {
        file.force(true);
      }
    }
  }

  @Test
  @DisplayName("A full disk refuses writes until space is freed")
  void fullDiskRefusesWritesUntilFreed() throws IOException, InterruptedException {
    LoopDisk small = mounted();
    small.fill();

    assertThatThrownBy(() -> write("file", "x".repeat(8192), true))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("No space left");

    small.free();
    write("file", "x".repeat(8192), true);
  }

  @Test
  @DisplayName("A power loss keeps synced data and loses unsynced data")
  void powerLossKeepsOnlySyncedData() throws IOException, InterruptedException {
    LoopDisk small = mounted();
    write("synced", "kept", true);
    write("unsynced", "gone", false);

    small.takeSnapshot();
    small.restoreSnapshot();

    assertThat(temp.resolve("at/synced")).hasContent("kept");
    Path unsynced = temp.resolve("at/unsynced");
    assertThat(!Files.exists(unsynced) || Files.size(unsynced) == 0).isTrue();
  }
}
