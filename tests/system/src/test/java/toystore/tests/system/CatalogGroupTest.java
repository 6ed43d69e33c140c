package toystore.tests.system;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Uses three catalog nodes and two front ends. If a catalog node is killed or loses all its data,
 * clients wait, but they see no errors (P1, P2, P3, P4, and P5 across front ends).
 */
@Tag("long")
class CatalogGroupTest {
  private static final int CLIENTS = 8;
  private static final long PAUSE_NANOS = 10_000_000;
  private static final Duration TIMEOUT = Duration.ofSeconds(30);
  private static final List<String> NAMES = List.of("Tux", "Fox", "Lego");

  /** After this many entries, the log has dropped at least one file of old entries. */
  private static final int ENTRIES_UNTIL_DROP = 1_300;

  private static final int SNAPSHOT_ENTRIES = 300;
  private static final int WRITERS = 100;

  private static final String SETTINGS =
      """
      frontends: 2
      catalog:
        replicas: 3
      raft:
        snapshot-entries: %d
        preserve-entries: 20
      """
          .formatted(SNAPSHOT_ENTRIES);

  private final Map<Long, String> acknowledged = new ConcurrentSkipListMap<>();
  private final List<Object> failures = new CopyOnWriteArrayList<>();
  private final AtomicBoolean stop = new AtomicBoolean();

  @Test
  @DisplayName("Clients do not notice that a catalog node is killed or loses all its data")
  void clientsDoNotNoticeTheLossOfACatalogNode() throws Exception {
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    try (TestStore store = TestStore.startWithSettings(SETTINGS, NAMES.toArray(String[]::new))) {
      List<Thread> clients = new ArrayList<>();
      for (int i = 0; i < CLIENTS; i++) {
        int client = i;
        Random random = new Random(seed + i);
        clients.add(Thread.ofVirtual().start(() -> runClient(store, client, random)));
      }
      String first = catalogLeader(store);
      lengthenLog(store, first, ENTRIES_UNTIL_DROP);
      store.kill(first);
      assertThat(store.status().get("health").asText()).isIn("degraded", "no-quorum");
      awaitPurchases();
      lengthenLog(store, catalogLeader(store), 2 * SNAPSHOT_ENTRIES);
      store.startNode(first);

      String next = catalogLeader(store);
      store.kill(next);
      deleteAll(store.data().resolve(next));
      awaitPurchases();
      // Without its files the node has forgotten its votes, so it must start as a fresh member.
      assertThat(store.toyctl().run("start", next).exitCode()).isEqualTo(1);
      store.toyctl().run("heal", next).succeeded();
      awaitPurchases();
      assertThat(Files.readString(store.data().resolve("logs/" + next + ".log"), UTF_8))
          .as("the log no longer has the entries that the node missed")
          .contains("installed from ");

      stop.set(true);
      for (Thread client : clients) {
        assertThat(client.join(TIMEOUT)).isTrue();
      }
      assertThat(failures).as("seed " + seed).isEmpty();
      check(store);
    } finally {
      stop.set(true);
    }
  }

  /** Buys at one front end and reads at the other, which must not return older data. */
  private void runClient(TestStore store, int client, Random random) {
    while (!stop.get()) {
      String name = NAMES.get(random.nextInt(NAMES.size()));
      int quantity = 1 + random.nextInt(3);
      try {
        TestStore.Answer bought =
            store.send(
                HttpRequest.newBuilder(URI.create(store.frontEnd(1 + client % 2) + "/orders"))
                    .header("Content-Type", "application/json")
                    .POST(HttpRequest.BodyPublishers.ofString(TestStore.purchase(name, quantity))));
        TestStore.Answer seen = store.get(store.frontEnd(2 - client % 2) + "/products/" + name);
        if (bought.status() != 200 || seen.status() != 200) {
          failures.add(bought + " and " + seen);
          continue;
        }
        long number = bought.json().at("/data/order_number").asLong();
        if (acknowledged.put(number, name + " " + quantity) != null) {
          failures.add("order " + number + " was acknowledged twice");
        }
        if (version(seen.header("ETag")) < version(bought.header("Product-Version"))) {
          failures.add("stale: " + seen + " after " + bought);
        }
      } catch (RuntimeException e) {
        failures.add(e);
      }
      LockSupport.parkNanos(PAUSE_NANOS);
    }
  }

  private static long version(String header) {
    return Long.parseLong(header.replace("\"", ""));
  }

  private void awaitPurchases() {
    int before = acknowledged.size();
    Awaitility.await().atMost(TIMEOUT).until(() -> acknowledged.size() > before + 5 * CLIENTS);
  }

  private static String catalogLeader(TestStore store) {
    return Awaitility.await()
        .atMost(TIMEOUT)
        .until(() -> store.status().get("catalog_leader"), JsonNode::isTextual)
        .asText();
  }

  /** Adds this many entries without effect to the catalog's log, while clients continue. */
  private static void lengthenLog(TestStore store, String leader, int entries) throws Exception {
    String fence = store.status(leader).get("url").asText() + "/fence";
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Callable<Integer>> writers =
          Collections.nCopies(
              WRITERS,
              () -> {
                for (int i = 0; i < entries / WRITERS; i++) {
                  TestStore.Answer answer =
                      store.send(
                          HttpRequest.newBuilder(URI.create(fence))
                              .POST(HttpRequest.BodyPublishers.noBody()));
                  assertThat(answer.status()).isEqualTo(200);
                }
                return entries;
              });
      for (Future<Integer> done : threads.invokeAll(writers)) {
        assertThat(done.get()).isEqualTo(entries);
      }
    }
  }

  private static void deleteAll(Path directory) throws IOException {
    try (Stream<Path> paths = Files.walk(directory)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }

  private void check(TestStore store) {
    JsonNode verified = store.verify().succeeded().json();
    assertThat(verified.get("result").asText()).isEqualTo("equal");
    assertThat(verified.get("catalogs")).hasSize(3);
    verified.get("stock").forEach(s -> assertThat(s.get("exact").asBoolean()).isTrue());
    assertThat(store.status().get("health").asText()).isEqualTo("healthy");
    store.down();

    List<String> log = DatabaseFiles.orders(store.data(), "order-3");
    assertThat(log.size()).isGreaterThanOrEqualTo(acknowledged.size());
    acknowledged.forEach(
        (number, what) -> {
          String[] row = log.get(Math.toIntExact(number)).split(" ", -1);
          assertThat(row[3] + " " + row[4]).isEqualTo(what);
        });
    for (String table : List.of("products", "open_holds", "ended_holds")) {
      String sql = "SELECT * FROM " + table + " ORDER BY 1";
      List<String> expected = DatabaseFiles.rows(store.data(), "catalog-3", "catalog", sql);
      assertThat(DatabaseFiles.rows(store.data(), "catalog-2", "catalog", sql))
          .as(table)
          .isEqualTo(expected);
      assertThat(DatabaseFiles.rows(store.data(), "catalog", "catalog", sql))
          .as(table)
          .isEqualTo(expected);
    }
  }
}
