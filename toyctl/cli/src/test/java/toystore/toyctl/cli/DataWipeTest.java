package toystore.toyctl.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import toystore.toyctl.cluster.datadir.DataWipe;

class DataWipeTest {
  @TempDir private Path data = Path.of("");

  private Path file(String name) throws IOException {
    Path file = data.resolve(name);
    Files.createDirectories(file.resolveSibling("."));
    return Files.writeString(file, name);
  }

  @Test
  @DisplayName("The wipe deletes the files of the store and keeps all other files")
  void wipeDeletesOnlyFilesOfTheStore() throws IOException {
    for (String made :
        List.of(
            "order-1/orders.mv.db",
            "order-1/orders.mv.db.damaged",
            "order-1/orders.mv.db.quarantine-20260101T000000Z",
            "order-1/orders.trace.db",
            "order-1/raft/group/current/log_inprogress_0",
            "order-1/raft.quarantine-20260101T000000Z/group/current/raft-meta",
            "order-1/owner",
            "order-2/orders.mv.db",
            "catalog/catalog.mv.db",
            "frontend/owner",
            "members/order-1",
            "logs/order-1.log",
            "logs/order-1-jvm.log")) {
      file(made);
    }
    Path above = file("notes.txt");
    Path inside = file("order-1/notes.txt");

    DataWipe.contents(data, new CliHarness(data, 14_500).config());

    assertThat(above).exists();
    assertThat(inside).exists();
    assertThat(data.resolve("order-1")).isDirectoryContaining(path -> path.equals(inside));
    try (var left = Files.list(data.resolve("order-1"))) {
      assertThat(left).containsExactly(inside);
    }
    try (var left = Files.list(data)) {
      assertThat(left).containsExactlyInAnyOrder(above, data.resolve("order-1"));
    }
  }
}
