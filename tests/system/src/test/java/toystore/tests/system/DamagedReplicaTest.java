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
import org.junit.jupiter.api.Test;

/**
 * Replicas whose files are damaged, lost, or cannot be written (P1, P4), in one store with a
 * supervisor. The other two serve all the time.
 */
class DamagedReplicaTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
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
  void aReplicaWhoseDataAreDamagedOrGoneRebuildsThemByItself() throws IOException {
    Path data = home().resolve("orders.mv.db");

    store().kill(NODE);
    overwrite(data, 8_192, Integer.MAX_VALUE);
    buy(store(), 2);
    store().start(NODE);
    assertThat(quarantined("orders.mv.db")).as("flipped bytes").hasSize(1);

    store().kill(NODE);
    try (RandomAccessFile file = new RandomAccessFile(data.toFile(), "rw")) {
      file.setLength(9_000);
    }
    buy(store(), 2);
    store().start(NODE);

    store().kill(NODE);
    Files.delete(data);
    buy(store(), 2);
    store().start(NODE);

    assertAllEqual();
  }

  @Test
  void aReplicaThatMayHaveForgottenItsVoteIsHealedByOneCommand() throws IOException {
    Path raft = home().resolve("raft");

    store().kill(NODE);
    deleteTree(raft);
    refusesToStart("its Raft log is gone");
    buy(store(), 2);
    String healed = heal();
    assertThat(healed).contains("missed orders").contains("from order-3");

    // A healed member begins with an empty log.
    buy(store(), 1);
    awaitApplied();
    store().kill(NODE);
    overwrite(segment(raft), 100, 40);
    refusesToStart("its Raft log is damaged");
    assertThat(heal()).contains("is ready");
    assertThat(quarantined("raft")).hasSize(1);

    store().kill(NODE);
    deleteTree(home());
    refusesToStart("its files are gone");
    buy(store(), 1);
    assertThat(heal()).contains(" missed orders, 0–").contains(", from order-3");
    assertAllEqual();
  }

  @Test
  void aReplicaIsNotHealedWhileAnotherOneIsAway() throws IOException {
    store().kill(NODE);
    store().kill("order-1");
    deleteTree(home().resolve("raft"));

    ToyctlProcess.Outcome refused = store().toyctl().run("heal", NODE);

    assertThat(refused.exitCode()).isEqualTo(1);
    assertThat(refused.err()).contains("order-1 does not answer");
    store().start("order-1");
    assertThat(heal()).contains("is ready");
    assertAllEqual();
  }

  @Test
  void aNodeThatRunsIsNotHealed() {
    ToyctlProcess.Outcome refused = store().toyctl().run("heal", "order-1");

    assertThat(refused.exitCode()).isEqualTo(6);
    assertThat(refused.err()).contains("toyctl stop order-1");
  }

  @Test
  void theOnlyCatalogIsNotRebuiltFromNothing() throws IOException {
    store().kill("catalog");
    Path raft = store().data().resolve("catalog").resolve("raft");
    Path aside = raft.resolveSibling("aside");
    Files.move(raft, aside);

    ToyctlProcess.Outcome refused = store().toyctl().run("start", "catalog");

    assertThat(refused.exitCode()).isEqualTo(1);
    assertThat(refused.err()).contains("only member of its group").contains("backup");
    Files.move(aside, raft);
    store().start("catalog");
    buy(store(), 1);
  }

  @Test
  void aNodeThatIsKilledIsStartedAgainAndOneThatIsStoppedIsNot() {
    long pid = store().status("order-1").get("pid").asLong();
    assertThat(ProcessHandle.of(pid).orElseThrow().destroyForcibly()).isTrue();

    await()
        .atMost(PATIENCE)
        .until(
            () -> {
              JsonNode now = store().status("order-1");
              return now.get("state").asText().equals("ready") && now.get("pid").asLong() != pid;
            });
    assertThat(store().status("order-1").get("restarts").asInt()).isPositive();
    store().toyctl().run("stop", "order-1").succeeded();
    assertThat(store().status("order-1").get("state").asText()).isEqualTo("stopped");
    store().start("order-1");
  }

  @Test
  void aReplicaOnAFullDiskHaltsSaysWhyAndComesBack() throws IOException {
    store().kill(NODE);
    try (FullDisk disk = FullDisk.mountOver(home(), 24)) {
      // A started log has no room of its own yet; its first entry asks for a megabyte.
      store().start(NODE);
      disk.fill();
      buy(store(), 3);
      awaitSaid("the Raft log cannot be written: No space left on device");
      disk.makeRoom();
      store().toyctl().run("start", NODE).succeeded();

      // Now it has, so that it is the database which needs more.
      buy(store(), 1);
      awaitApplied();
      disk.fill();
      buy(store(), 3);
      awaitSaid("the database cannot be written");
      disk.makeRoom();
      store().toyctl().run("start", NODE).succeeded();
      assertAllEqual();
    }
    store().start(NODE);
  }

  private static void awaitApplied() {
    await()
        .atMost(PATIENCE)
        .until(
            () -> {
              JsonNode now = store().status(NODE);
              return now.get("orders").equals(store().status(TestStore.LEADER).get("orders"));
            });
  }

  /** The supervisor notes why; it tries a few times in vain, and status tells that too. */
  private static void awaitSaid(String words) {
    Path log = store().data().resolve("logs").resolve("supervisor.log");
    await().atMost(PATIENCE).until(() -> Files.readString(log).contains(NODE + " ended: " + words));
    await()
        .atMost(PATIENCE)
        .until(
            () -> store().status(NODE).get("reason").asText(),
            reason -> reason.contains("No space left on device"));
  }

  private static void buy(TestStore store, int count) {
    for (int i = 0; i < count; i++) {
      store.buy("Tux", 1);
    }
  }

  private static void refusesToStart(String why) {
    ToyctlProcess.Outcome refused = store().toyctl().run("start", NODE);
    assertThat(refused.exitCode()).isEqualTo(1);
    assertThat(refused.err()).contains(why).contains("toyctl heal " + NODE);
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

  /** A small file system in the place of a directory, with what was in it. Needs root. */
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
      assumeThat(exit).as("this system lets nobody mount").isZero();
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

    void makeRoom() throws IOException {
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
