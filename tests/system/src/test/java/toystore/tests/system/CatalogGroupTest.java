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
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Three catalogs and two front ends: the death of any one catalog node, and the loss of all that it
 * stored, cost clients time and nothing else (P1, P2, P3, P4, and P5 across front ends).
 */
@Tag("long")
class CatalogGroupTest {
  private static final int CLIENTS = 8;
  private static final long THINK_NANOS = 10_000_000;
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final List<String> NAMES = List.of("Tux", "Fox", "Lego");

  /** The log drops whole files, and only what was applied long enough ago. */
  private static final int ENOUGH_TO_DROP = 1_300;

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
  private final List<Object> wrong = new CopyOnWriteArrayList<>();
  private final AtomicBoolean stop = new AtomicBoolean();

  @Test
  void clientsDoNotNoticeThatAnyCatalogDiesOrLosesAllThatItStored() throws Exception {
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    try (TestStore store = TestStore.upWithSettings(SETTINGS, NAMES.toArray(String[]::new))) {
      List<Thread> clients = new ArrayList<>();
      for (int i = 0; i < CLIENTS; i++) {
        int client = i;
        Random random = new Random(seed + i);
        clients.add(Thread.ofVirtual().start(() -> shop(store, client, random)));
      }
      String first = catalogLeader(store);
      lengthenLog(store, first, ENOUGH_TO_DROP);
      store.kill(first);
      assertThat(store.status().get("health").asText()).isIn("degraded", "no-quorum");
      awaitPurchases();
      lengthenLog(store, catalogLeader(store), 2 * SNAPSHOT_ENTRIES);
      store.start(first);

      String next = catalogLeader(store);
      store.kill(next);
      deleteAll(store.data().resolve(next));
      awaitPurchases();
      // Without its files it has forgotten what it promised: it comes back as a fresh member.
      assertThat(store.toyctl().run("start", next).exitCode()).isEqualTo(1);
      store.toyctl().run("heal", next).succeeded();
      awaitPurchases();
      assertThat(Files.readString(store.data().resolve("logs/" + next + ".log"), UTF_8))
          .as("the log no longer has what it missed")
          .contains("installed from ");

      stop.set(true);
      for (Thread client : clients) {
        assertThat(client.join(PATIENCE)).isTrue();
      }
      assertThat(wrong).as("seed " + seed).isEmpty();
      check(store);
    } finally {
      stop.set(true);
    }
  }

  /** Buys at one front end and looks at the other, which may not be behind. */
  private void shop(TestStore store, int client, Random random) {
    while (!stop.get()) {
      String name = NAMES.get(random.nextInt(NAMES.size()));
      int quantity = 1 + random.nextInt(3);
      try {
        TestStore.Answer bought =
            store.send(
                HttpRequest.newBuilder(URI.create(store.frontEnd(1 + client % 2) + "/orders"))
                    .header("Content-Type", "application/json")
                    .POST(HttpRequest.BodyPublishers.ofString(TestStore.order(name, quantity))));
        TestStore.Answer seen = store.get(store.frontEnd(2 - client % 2) + "/products/" + name);
        if (bought.status() != 200 || seen.status() != 200) {
          wrong.add(bought + " and " + seen);
          continue;
        }
        long number = bought.json().at("/data/order_number").asLong();
        if (acknowledged.put(number, name + " " + quantity) != null) {
          wrong.add("order " + number + " twice");
        }
        if (version(seen.header("ETag")) < version(bought.header("Product-Version"))) {
          wrong.add("stale: " + seen + " after " + bought);
        }
      } catch (RuntimeException e) {
        wrong.add(e);
      }
      LockSupport.parkNanos(THINK_NANOS);
    }
  }

  private static long version(String header) {
    return Long.parseLong(header.replace("\"", ""));
  }

  private void awaitPurchases() {
    int before = acknowledged.size();
    Awaitility.await().atMost(PATIENCE).until(() -> acknowledged.size() > before + 5 * CLIENTS);
  }

  private static String catalogLeader(TestStore store) {
    return Awaitility.await()
        .atMost(PATIENCE)
        .until(() -> store.status().get("catalog_leader"), JsonNode::isTextual)
        .asText();
  }

  /** Puts so many entries into the catalog's log that change nothing, besides what clients do. */
  private static void lengthenLog(TestStore store, String leader, int entries) throws Exception {
    String fence = store.status(leader).get("url").asText() + "/fence";
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Callable<Integer>> work =
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
      for (Future<Integer> done : threads.invokeAll(work)) {
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
    JsonNode proof = store.verify().succeeded().json();
    assertThat(proof.get("result").asText()).isEqualTo("equal");
    assertThat(proof.get("catalogs")).hasSize(3);
    proof.get("stock").forEach(s -> assertThat(s.get("exact").asBoolean()).isTrue());
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
