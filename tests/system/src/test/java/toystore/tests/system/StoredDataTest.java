package toystore.tests.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * The data directory in {@code stored-1.0.zip} was written by the last version before the source
 * tree was rearranged. Its store had sold 15 orders and restocked one product; {@code order-1} had
 * been killed two orders before the end, and the catalog after the last one.
 */
class StoredDataTest {
  private static final String ARCHIVE = "stored-1.0.zip";
  private static final int ORDERS = 15;

  @Test
  @DisplayName("A data directory of the previous version opens unchanged, verifies and sells on")
  void dataOfThePreviousVersionOpens() throws IOException {
    try (TestStore store = TestStore.prepare()) {
      unpack(store.data());
      // The only change: the store may not use the ports that it was made with, which may be taken.
      Path cluster = store.data().resolve("cluster.json");
      Files.writeString(
          cluster, Files.readString(cluster).replace(":15500,", ":" + store.portBase() + ","));

      store.toyctl().run("up").succeeded();

      JsonNode verified = store.verify().succeeded().json();
      assertThat(verified.get("replicas"))
          .hasSize(3)
          .allSatisfy(
              replica -> {
                assertThat(replica.get("orders").asLong()).isEqualTo(ORDERS);
                assertThat(replica.get("result").asText()).isEqualTo("equal");
              });
      assertThat(store.get(store.frontEnd() + "/orders/11").json().get("data").toString())
          .isEqualTo("{\"number\":11,\"name\":\"Fox\",\"quantity\":97}");
      assertThat(store.quantities())
          .containsEntry("Tux", 84L)
          .containsEntry("Whale", 90L)
          .containsEntry("Fox", 99L)
          .containsEntry("Lego", 93L);
      var replayed =
          store.post("/orders", TestStore.purchase("Lego", 7), "Idempotency-Key", "stored-lego");
      assertThat(replayed.header("Idempotent-Replayed")).isEqualTo("true");
      assertThat(replayed.json().at("/data/order_number").asLong()).isEqualTo(13);
      assertThat(store.buy("Tux", 1)).isEqualTo(ORDERS);
      store.verify().succeeded();
      assertThat(setAside(store.data())).isEmpty();
    }
  }

  private static void unpack(Path directory) throws IOException {
    try (InputStream in = StoredDataTest.class.getResourceAsStream(ARCHIVE);
        ZipInputStream zip = new ZipInputStream(Objects.requireNonNull(in))) {
      for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
        Path target = directory.resolve(entry.getName()).normalize();
        assertThat(target.startsWith(directory)).as(entry.getName()).isTrue();
        if (entry.isDirectory()) {
          Files.createDirectories(target);
        } else {
          Files.createDirectories(Objects.requireNonNull(target.getParent()));
          Files.copy(zip, target);
        }
      }
    }
  }

  private static List<Path> setAside(Path directory) throws IOException {
    try (var files = Files.walk(directory)) {
      return files.filter(file -> file.toString().contains(".quarantine-")).toList();
    }
  }
}
