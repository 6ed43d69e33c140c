package toystore.node;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import toystore.node.failure.StartRefusedException;

class NodeDirectoryTest {
  @TempDir private Path directory = Path.of("");

  @Test
  void theOwnerMayComeBack() throws IOException {
    NodeDirectory.claim(directory, "store", "order-1").close();
    NodeDirectory.claim(directory, "store", "order-1").close();

    assertThat(directory.resolve("owner")).hasContent("store/order-1");
  }

  @Test
  void aMarkThatWasCutShortIsMadeAgain() throws IOException {
    Files.writeString(directory.resolve("owner"), "sto", UTF_8);

    NodeDirectory.claim(directory, "store", "order-1").close();

    assertThat(directory.resolve("owner")).hasContent("store/order-1");
  }

  @Test
  void theDirectoryOfAnotherClusterIsRefused() throws IOException {
    NodeDirectory.claim(directory, "store", "order-1").close();

    assertThatThrownBy(() -> NodeDirectory.claim(directory, "other", "order-1"))
        .isInstanceOf(StartRefusedException.class)
        .hasMessage(
            directory + " belongs to store/order-1, this is other/order-1; use another --data DIR");
    assertThat(directory.resolve("owner")).hasContent("store/order-1");
  }

  @Test
  void theDirectoryOfAnotherNodeIsRefused() throws IOException {
    NodeDirectory.claim(directory, "store", "order-1").close();

    assertThatThrownBy(() -> NodeDirectory.claim(directory, "store", "order-2"))
        .isInstanceOf(StartRefusedException.class);
  }

  @Test
  void aDirectoryThatAProcessWorksOnIsRefused() throws IOException {
    try (NodeDirectory held = NodeDirectory.claim(directory, "store", "order-1")) {
      assertThat(held).isNotNull();
      assertThatThrownBy(() -> NodeDirectory.claim(directory, "store", "order-1"))
          .isInstanceOf(StartRefusedException.class)
          .hasMessageContaining("in use by another process");
    }
  }
}
