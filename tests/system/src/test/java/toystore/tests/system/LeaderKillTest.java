package toystore.tests.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Clients buy while the leader is repeatedly killed and restarted (P1, P2, P3, P6). */
class LeaderKillTest {
  private static final int CLIENTS = 16;
  private static final int KILLS = 10;
  private static final long PAUSE_NANOS = 100_000_000;
  private static final List<String> NAMES = List.of("Tux", "Fox", "Lego");

  /** With this, the highest id leads again soon after its restart, and is killed again. */
  private static final String SETTINGS = "raft: {caught-up-for: 1s}\n";

  @Test
  @DisplayName("Every acknowledged order exists once after the leader was killed ten times")
  void acknowledgedOrdersSurviveTenLeaderKills() throws Exception {
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    Map<Long, String> acknowledged = new ConcurrentSkipListMap<>();
    List<Throwable> errors = new CopyOnWriteArrayList<>();
    List<Long> repeatedNumbers = new CopyOnWriteArrayList<>();
    AtomicBoolean stop = new AtomicBoolean();
    try (TestStore store = TestStore.startWithSettings(SETTINGS, NAMES.toArray(String[]::new))) {
      List<Thread> clients = new ArrayList<>();
      for (int i = 0; i < CLIENTS; i++) {
        Random random = new Random(seed + i);
        clients.add(
            Thread.ofVirtual()
                .start(
                    () -> runClient(store, random, stop, acknowledged, repeatedNumbers, errors)));
      }
      for (int kill = 0; kill < KILLS; kill++) {
        killAndRestartLeader(store, acknowledged);
      }
      stop.set(true);
      for (Thread client : clients) {
        client.join(Duration.ofSeconds(20));
      }

      assertThat(errors).isEmpty();
      assertThat(repeatedNumbers).isEmpty();
      JsonNode verified = store.verify().succeeded().json();
      assertThat(verified.get("result").asText()).isEqualTo("equal");
      verified.get("stock").forEach(s -> assertThat(s.get("exact").asBoolean()).isTrue());
      store.down();
      checkLogs(store, acknowledged);
    } finally {
      stop.set(true);
    }
  }

  private static void runClient(
      TestStore store,
      Random random,
      AtomicBoolean stop,
      Map<Long, String> acknowledged,
      List<Long> repeatedNumbers,
      List<Throwable> errors) {
    while (!stop.get()) {
      String name = NAMES.get(random.nextInt(NAMES.size()));
      int quantity = 1 + random.nextInt(3);
      try {
        long number = store.buy(name, quantity);
        if (acknowledged.put(number, name + " " + quantity) != null) {
          repeatedNumbers.add(number);
        }
      } catch (RuntimeException | AssertionError e) {
        errors.add(e);
      }
      // Without a pause between purchases, the clients would use the cores that the replica under
      // test needs to restart.
      LockSupport.parkNanos(PAUSE_NANOS);
    }
  }

  private static void killAndRestartLeader(TestStore store, Map<Long, String> acknowledged) {
    // A transfer of leadership back to the highest id may be in progress.
    String leader =
        Awaitility.await()
            .atMost(Duration.ofSeconds(30))
            .until(() -> store.status().get("leader"), JsonNode::isTextual)
            .asText();
    long before = acknowledged.size();
    store.kill(leader);
    Awaitility.await()
        .atMost(Duration.ofSeconds(30))
        .until(() -> acknowledged.size() > before + CLIENTS);
    store.startNode(leader);
  }

  private static void checkLogs(TestStore store, Map<Long, String> acknowledged) {
    List<String> log = DatabaseFiles.orders(store.data(), "order-3");
    assertThat(DatabaseFiles.orders(store.data(), "order-1")).isEqualTo(log);
    assertThat(DatabaseFiles.orders(store.data(), "order-2")).isEqualTo(log);
    List<String> rows =
        DatabaseFiles.rows(
            store.data(),
            "order-1",
            "orders",
            "SELECT number, name, quantity FROM orders ORDER BY number");
    for (int i = 0; i < rows.size(); i++) {
      assertThat(rows.get(i)).startsWith(i + " ");
    }
    // Every request got an answer, so the log contains exactly the acknowledged orders.
    assertThat(rows).isEqualTo(acknowledged.entrySet().stream().map(LeaderKillTest::row).toList());
  }

  private static String row(Map.Entry<Long, String> order) {
    return order.getKey() + " " + order.getValue();
  }
}
