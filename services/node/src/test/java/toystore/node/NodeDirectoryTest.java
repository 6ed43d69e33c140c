package toystore.node;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import toystore.node.failure.StartRefusedException;

class NodeDirectoryTest {
  @TempDir private Path directory = Path.of("");

  @Test
  @DisplayName("The owner can claim its directory again")
  void ownerMayClaimAgain() throws IOException {
    NodeDirectory.claim(directory, "store", "order-1").close();
    NodeDirectory.claim(directory, "store", "order-1").close();

    assertThat(directory.resolve("owner")).hasContent("store/order-1");
  }

  @Test
  @DisplayName("A truncated owner file is written again")
  void rewritesTruncatedOwner() throws IOException {
    Files.writeString(directory.resolve("owner"), "sto", UTF_8);

    NodeDirectory.claim(directory, "store", "order-1").close();

    assertThat(directory.resolve("owner")).hasContent("store/order-1");
  }

  @Test
  @DisplayName("The directory of another cluster is refused")
  void refusesDirectoryOfOtherCluster() throws IOException {
    NodeDirectory.claim(directory, "store", "order-1").close();

    assertThatThrownBy(() -> NodeDirectory.claim(directory, "other", "order-1"))
        .isInstanceOf(StartRefusedException.class)
        .hasMessage(
            directory
                + " belongs to store/order-1, but this node is other/order-1; use another --data"
                + " DIR");
    assertThat(directory.resolve("owner")).hasContent("store/order-1");
  }

  @Test
  @DisplayName("The directory of another node is refused")
  void refusesDirectoryOfOtherNode() throws IOException {
    NodeDirectory.claim(directory, "store", "order-1").close();

    assertThatThrownBy(() -> NodeDirectory.claim(directory, "store", "order-2"))
        .isInstanceOf(StartRefusedException.class);
  }

  @Test
  @DisplayName("A directory that another process uses is refused")
  void refusesDirectoryInUse() throws IOException {
    try (NodeDirectory claimed = NodeDirectory.claim(directory, "store", "order-1")) {
      assertThat(claimed).isNotNull();
      assertThatThrownBy(() -> NodeDirectory.claim(directory, "store", "order-1"))
          .isInstanceOf(StartRefusedException.class)
          .hasMessageContaining("in use by another process");
    }
  }
}
