package toystore.tests.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * Damages, deletes or fills the files of a replica (P1, P4), in one store with a supervisor. The
 * other two replicas serve all the time.
 */
class DamagedReplicaTest {
  private static final Duration TIMEOUT = Duration.ofSeconds(30);
  private static final String NODE = "order-2";

  private static @Nullable TestStore shared;

  @BeforeAll
  static void up() {
    TestStore store = TestStore.prepare();
    shared = store;
    store.toyctl().run("up", "--supervise").succeeded();
    buy(store, 20);
  }

  @AfterAll
  static void down() {
    store().close();
  }

  private static TestStore store() {
    TestStore store = shared;
    if (store == null) {
      throw new IllegalStateException("the store is not up");
    }
    return store;
  }

  @Test
  @DisplayName("A replica whose database is damaged or missing rebuilds it without help")
  void rebuildsDamagedOrMissingData() throws IOException {
    Path data = home().resolve("orders.mv.db");

    store().kill(NODE);
    overwrite(data, 8_192, Integer.MAX_VALUE);
    buy(store(), 2);
    store().startNode(NODE);
    assertThat(quarantined("orders.mv.db")).as("flipped bytes").hasSize(1);

    store().kill(NODE);
    try (RandomAccessFile file = new RandomAccessFile(data.toFile(), "rw")) {
      file.setLength(9_000);
    }
    buy(store(), 2);
    store().startNode(NODE);

    store().kill(NODE);
    Files.delete(data);
    buy(store(), 2);
    store().startNode(NODE);

    assertAllEqual();
  }

  @Test
  @DisplayName("A replica that may have forgotten its vote is healed with one command")
  void healsReplicaThatMayHaveForgottenItsVote() throws IOException {
    Path raft = home().resolve("raft");

    store().kill(NODE);
    deleteTree(raft);
    assertRefusesToStart("its Raft log is gone");
    buy(store(), 2);
    String healed = heal();
    assertThat(healed).contains("missed orders").contains("from order-3");

    // A healed member starts with an empty log.
    buy(store(), 1);
    awaitApplied();
    store().kill(NODE);
    overwrite(segment(raft), 100, 40);
    assertRefusesToStart("its Raft log is damaged");
    assertThat(heal()).contains("is ready");
    assertThat(quarantined("raft")).hasSize(1);

    store().kill(NODE);
    deleteTree(home());
    assertRefusesToStart("its files are gone");
    buy(store(), 1);
    assertThat(heal()).contains(" missed orders, 0–").contains(", from order-3");
    assertAllEqual();
  }

  @Test
  @DisplayName("A replica is not healed while another replica is down")
  void doesNotHealWhileAnotherReplicaIsDown() throws IOException {
    store().kill(NODE);
    store().kill("order-1");
    deleteTree(home().resolve("raft"));

    ToyctlProcess.Outcome refused = store().toyctl().run("heal", NODE);

    assertThat(refused.exitCode()).isEqualTo(1);
    assertThat(refused.err()).contains("order-1 does not answer");
    store().startNode("order-1");
    assertThat(heal()).contains("is ready");
    assertAllEqual();
  }

  @Test
  @DisplayName("A running node is not healed")
  void doesNotHealRunningNode() {
    ToyctlProcess.Outcome refused = store().toyctl().run("heal", "order-1");

    assertThat(refused.exitCode()).isEqualTo(6);
    assertThat(refused.err()).contains("toyctl stop order-1");
  }

  @Test
  @DisplayName("The only catalog node is not rebuilt without its data")
  void doesNotRebuildTheOnlyCatalog() throws IOException {
    store().kill("catalog");
    Path raft = store().data().resolve("catalog").resolve("raft");
    Path aside = raft.resolveSibling("aside");
    Files.move(raft, aside);

    ToyctlProcess.Outcome refused = store().toyctl().run("start", "catalog");

    assertThat(refused.exitCode()).isEqualTo(1);
    assertThat(refused.err()).contains("only member of its group").contains("backup");
    Files.move(aside, raft);
    store().startNode("catalog");
    buy(store(), 1);
  }

  @Test
  @DisplayName("The supervisor restarts a node that was killed, but not one that was stopped")
  void restartsKilledButNotStoppedNodes() {
    long pid = store().status("order-1").get("pid").asLong();
    assertThat(ProcessHandle.of(pid).orElseThrow().destroyForcibly()).isTrue();

    await()
        .atMost(TIMEOUT)
        .until(
            () -> {
              JsonNode now = store().status("order-1");
              return now.get("state").asText().equals("ready") && now.get("pid").asLong() != pid;
            });
    assertThat(store().status("order-1").get("restarts").asInt()).isPositive();
    store().toyctl().run("stop", "order-1").succeeded();
    assertThat(store().status("order-1").get("state").asText()).isEqualTo("stopped");
    store().startNode("order-1");
  }

  @Test
  @DisplayName("A replica on a full disk halts, reports the reason, and recovers with space")
  void haltsOnFullDiskAndRecovers() throws IOException {
    store().kill(NODE);
    try (FullDisk disk = FullDisk.mountOver(home(), 24)) {
      // The log of a node that has just started has no reserved space. Its first entry reserves 1
      // MiB.
      store().startNode(NODE);
      disk.fill();
      buy(store(), 3);
      awaitReason("the Raft log cannot be written: No space left on device");
      disk.freeSpace();
      store().toyctl().run("start", NODE).succeeded();

      // Now the log has reserved space, so the database is the first to need more.
      buy(store(), 1);
      awaitApplied();
      disk.fill();
      buy(store(), 3);
      awaitReason("the database cannot be written");
      disk.freeSpace();
      store().toyctl().run("start", NODE).succeeded();
      assertAllEqual();
    }
    store().startNode(NODE);
  }

  private static void awaitApplied() {
    await()
        .atMost(TIMEOUT)
        .until(
            () -> {
              JsonNode now = store().status(NODE);
              return now.get("orders").equals(store().status(TestStore.LEADER).get("orders"));
            });
  }

  /** Waits until the supervisor has logged the reason. Its restarts fail; status reports this. */
  private static void awaitReason(String reason) {
    Path log = store().data().resolve("logs").resolve("supervisor.log");
    await().atMost(TIMEOUT).until(() -> Files.readString(log).contains(NODE + " ended: " + reason));
    await()
        .atMost(TIMEOUT)
        .until(
            () -> store().status(NODE).get("reason").asText(),
            text -> text.contains("No space left on device"));
  }

  private static void buy(TestStore store, int count) {
    for (int i = 0; i < count; i++) {
      store.buy("Tux", 1);
    }
  }

  private static void assertRefusesToStart(String reason) {
    ToyctlProcess.Outcome refused = store().toyctl().run("start", NODE);
    assertThat(refused.exitCode()).isEqualTo(1);
    assertThat(refused.err()).contains(reason).contains("toyctl heal " + NODE);
  }

  private static String heal() {
    return store().toyctl().run("heal", NODE).succeeded().out();
  }

  private static void assertAllEqual() {
    assertThat(store().verify().succeeded().json().get("result").asText()).isEqualTo("equal");
  }

  private static Path home() {
    return store().data().resolve(NODE);
  }

  private static List<Path> quarantined(String name) throws IOException {
    try (Stream<Path> files = Files.list(home())) {
      return files
          .filter(f -> String.valueOf(f.getFileName()).startsWith(name + ".quarantine-"))
          .toList();
    }
  }

  private static Path segment(Path raft) throws IOException {
    try (Stream<Path> files = Files.walk(raft)) {
      return files
          .filter(f -> String.valueOf(f.getFileName()).startsWith("log_"))
          .min(Comparator.comparing(Path::toString))
          .orElseThrow();
    }
  }

  private static void overwrite(Path path, long at, int bytes) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      byte[] part = new byte[(int) Math.min(bytes, file.length() - at)];
      file.seek(at);
      file.readFully(part);
      for (int i = 0; i < part.length; i++) {
        part[i] ^= (byte) 0x55;
      }
      file.seek(at);
      file.write(part);
    }
  }

  private static void deleteTree(Path root) throws IOException {
    try (Stream<Path> files = Files.walk(root)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  /** Replaces a directory with a small file system that has the same content. Needs root. */
  private record FullDisk(Path directory, Path hidden) implements AutoCloseable {
    static FullDisk mountOver(Path directory, int megabytes) throws IOException {
      assumeThat(System.getProperty("user.name"))
          .as("mounting a small file system needs root")
          .isEqualTo("root");
      Path hidden = directory.resolveSibling("hidden");
      run("cp", "-a", directory.toString(), hidden.toString());
      int exit =
          exitCode(
              "mount",
              "-t",
              "tmpfs",
              "-o",
              "size=" + megabytes + "m",
              "toys",
              directory.toString());
      if (exit != 0) {
        deleteTree(hidden);
      }
      assumeThat(exit).as("this system does not allow mounts").isZero();
      run("cp", "-a", hidden + "/.", directory.toString());
      return new FullDisk(directory, hidden);
    }

    void fill() throws IOException {
      fillAllBut(0);
    }

    void fillAllBut(int kilobytes) throws IOException {
      long free = directory.toFile().getUsableSpace() - kilobytes * 1024L;
      try (RandomAccessFile file = new RandomAccessFile(filler().toFile(), "rw")) {
        byte[] block = new byte[4096];
        for (long written = 0; written < free; written += block.length) {
          file.write(block);
        }
      } catch (IOException e) {
        assertThat(e).hasMessageContaining("No space left");
      }
    }

    void freeSpace() throws IOException {
      Files.delete(filler());
    }

    private Path filler() {
      return directory.resolve("filler");
    }

    @Override
    public void close() throws IOException {
      store().kill(NODE);
      Path copy = directory.resolveSibling("copy");
      run("cp", "-a", directory.toString(), copy.toString());
      run("umount", directory.toString());
      deleteTree(directory);
      Files.move(copy, directory);
      deleteTree(hidden);
    }

    private static void run(String... command) throws IOException {
      assertThat(exitCode(command)).as(String.join(" ", command)).isZero();
    }

    private static int exitCode(String... command) throws IOException {
      Process process = new ProcessBuilder(command).inheritIO().start();
      try {
        assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted in " + String.join(" ", command), e);
      }
      return process.exitValue();
    }
  }
}
