package toystore.node.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import toystore.node.failure.OverloadedException;

class BatcherTest {
  /** A batch that was sent. The test completes {@code end} with the answers. */
  private record Sent(List<String> items, CompletableFuture<List<String>> end) {
    void answerAll() {
      end.complete(items.stream().map(item -> item + "!").toList());
    }
  }

  private final LinkedBlockingQueue<Sent> sent = new LinkedBlockingQueue<>();
  private final Set<String> unwanted = ConcurrentHashMap.newKeySet();
  private @Nullable Batcher<String, String> open;

  private Batcher<String, String> batcher(int maxBatch, int maxQueued, int lanes) {
    return batcher(maxBatch, maxQueued, lanes, Duration.ofMillis(1));
  }

  private Batcher<String, String> batcher(
      int maxBatch, int maxQueued, int lanes, Duration maxDelay) {
    Batcher<String, String> batcher =
        new Batcher<>(
            "test",
            maxBatch,
            maxQueued,
            lanes,
            maxDelay,
            item -> !unwanted.contains(item),
            items -> {
              Sent batch = new Sent(items, new CompletableFuture<>());
              sent.add(batch);
              return BatcherTest.get(batch.end());
            });
    open = batcher;
    return batcher;
  }

  @AfterEach
  void close() {
    if (open != null) {
      open.close();
    }
    sent.forEach(batch -> batch.end().cancel(true));
  }

  private Sent next() throws InterruptedException {
    Sent batch = sent.poll(10, TimeUnit.SECONDS);
    assertThat(batch).as("a batch is sent").isNotNull();
    return java.util.Objects.requireNonNull(batch);
  }

  private static <T> T get(CompletableFuture<T> future) throws Exception {
    return future.get(10, TimeUnit.SECONDS);
  }

  @Test
  @DisplayName("A single item is sent at once")
  void sendsSingleItemAtOnce() throws Exception {
    CompletableFuture<String> answer = batcher(10, 100, 1).submit("a");

    Sent batch = next();
    assertThat(batch.items()).containsExactly("a");
    batch.answerAll();
    assertThat(get(answer)).isEqualTo("a!");
  }

  @Test
  @DisplayName("Items that arrive while a batch is in flight form the next batch, in order")
  void itemsThatArriveDuringABatchFormTheNext() throws Exception {
    Batcher<String, String> batcher = batcher(10, 100, 1);
    batcher.submit("a");
    Sent first = next();
    List<CompletableFuture<String>> answers = batcher.submitAll(List.of("b", "c"));
    CompletableFuture<String> last = batcher.submit("d");
    assertThat(batcher.queued()).isEqualTo(3);

    first.answerAll();
    Sent second = next();
    assertThat(second.items()).containsExactly("b", "c", "d");
    second.answerAll();
    assertThat(get(answers.getFirst())).isEqualTo("b!");
    assertThat(get(answers.getLast())).isEqualTo("c!");
    assertThat(get(last)).isEqualTo("d!");
  }

  @Test
  @DisplayName("Items that no client waits for any more are not sent")
  void dropsUnwantedItems() throws Exception {
    Batcher<String, String> batcher = batcher(2, 4, 1);
    batcher.submit("a");
    Sent first = next();
    List<CompletableFuture<String>> answers = batcher.submitAll(List.of("b", "c", "d", "e"));
    unwanted.addAll(List.of("b", "d", "e"));
    first.answerAll();

    Sent second = next();
    assertThat(second.items()).containsExactly("c");
    second.answerAll();
    assertThat(get(answers.get(1))).isEqualTo("c!");
    for (int i : List.of(0, 2, 3)) {
      assertThatThrownBy(() -> get(answers.get(i))).hasCauseInstanceOf(TimeoutException.class);
    }
    assertThat(batcher.queued()).isZero();
    // A batch without any wanted item does not end its lane.
    CompletableFuture<String> later = batcher.submit("f");
    next().answerAll();
    assertThat(get(later)).isEqualTo("f!");
  }

  @Test
  @DisplayName("No batch has more items than the maximum")
  void limitsTheBatchSize() throws Exception {
    Batcher<String, String> batcher = batcher(2, 100, 1);
    batcher.submitAll(List.of("a", "b", "c", "d", "e"));

    for (List<String> expected : List.of(List.of("a", "b"), List.of("c", "d"), List.of("e"))) {
      Sent batch = next();
      assertThat(batch.items()).isEqualTo(expected);
      batch.answerAll();
    }
  }

  @Test
  @DisplayName("As many batches are in flight as there are lanes")
  void sendsOneBatchPerLane() throws Exception {
    Batcher<String, String> batcher = batcher(1, 100, 2);
    batcher.submit("a");
    Sent first = next();
    batcher.submit("b");
    Sent second = next();
    batcher.submit("c");
    assertThat(batcher.queued()).isEqualTo(1);

    second.answerAll();
    assertThat(next().items()).containsExactly("c");
    first.answerAll();
  }

  @Test
  @DisplayName("A further batch is sent once it is as large as the batches in flight")
  void sendsFurtherBatchOnceItIsAsLarge() throws Exception {
    Batcher<String, String> batcher = batcher(10, 100, 2, Duration.ofHours(1));
    batcher.submit("a");
    Sent first = next();
    batcher.submitAll(List.of("b", "c", "d"));
    Sent second = next();
    assertThat(second.items()).containsExactly("b", "c", "d");
    first.answerAll();

    // The batch in flight has three items.
    List<CompletableFuture<String>> answers = batcher.submitAll(List.of("e", "f", "g"));
    assertThat(next().items()).containsExactly("e", "f", "g");
    assertThat(answers).noneMatch(CompletableFuture::isDone);
    second.answerAll();
  }

  @Test
  @DisplayName("A smaller batch waits until the batches in flight have ended")
  void smallerBatchWaits() throws Exception {
    Batcher<String, String> batcher = batcher(10, 100, 2, Duration.ofHours(1));
    batcher.submitAll(List.of("a", "b", "c", "d"));
    Sent first = next();
    batcher.submit("e");
    batcher.submit("f");
    first.answerAll();
    assertThat(next().items()).containsExactly("e", "f");
  }

  @Test
  @DisplayName("A smaller batch is sent after the maximum delay, so a slow batch does not block it")
  void sendsSmallerBatchAfterMaxDelay() throws Exception {
    Batcher<String, String> batcher = batcher(10, 100, 2);
    batcher.submitAll(List.of("a", "b", "c", "d"));
    Sent first = next();
    for (String item : List.of("e", "f")) {
      batcher.submit(item);
      Sent small = next();
      assertThat(small.items()).containsExactly(item);
      small.answerAll();
    }
    first.answerAll();
  }

  @Test
  @DisplayName("If a lane is free, sendAll sends the items on the calling thread")
  void sendAllSendsOnTheCallingThread() throws Exception {
    List<String> threads = new CopyOnWriteArrayList<>();
    Batcher<String, String> batcher =
        new Batcher<>(
            "test",
            10,
            100,
            1,
            items -> {
              threads.add(Thread.currentThread().getName());
              return items;
            });
    open = batcher;
    List<CompletableFuture<String>> answers = batcher.sendAll(List.of("a", "b"));
    assertThat(answers).allMatch(CompletableFuture::isDone);
    assertThat(get(answers.getLast())).isEqualTo("b");
    assertThat(threads).containsExactly(Thread.currentThread().getName());
  }

  @Test
  @DisplayName("A batch that sendAll sends itself occupies a lane")
  void sendAllOccupiesALane() throws Exception {
    Batcher<String, String> batcher = batcher(10, 100, 1);
    CompletableFuture<List<CompletableFuture<String>>> mine =
        CompletableFuture.supplyAsync(() -> batcher.sendAll(List.of("a", "b")));
    Sent first = next();
    CompletableFuture<String> meanwhile = batcher.submit("c");
    List<CompletableFuture<String>> others = batcher.sendAll(List.of("d"));
    // Longer than the maximum delay. The only lane is occupied.
    assertThat(sent.poll(50, TimeUnit.MILLISECONDS)).isNull();
    assertThat(batcher.queued()).isEqualTo(2);

    first.answerAll();
    assertThat(get(get(mine).getFirst())).isEqualTo("a!");
    Sent second = next();
    assertThat(second.items()).containsExactly("c", "d");
    second.answerAll();
    assertThat(get(meanwhile)).isEqualTo("c!");
    assertThat(get(others.getFirst())).isEqualTo("d!");
  }

  @Test
  @DisplayName("If sendAll fails to send the items itself, their futures fail")
  void sendAllReportsFailuresInFutures() {
    Batcher<String, String> batcher =
        new Batcher<>(
            "test",
            10,
            100,
            1,
            items -> {
              throw new IOException("no answer");
            });
    open = batcher;
    for (int i = 0; i < 2; i++) {
      CompletableFuture<String> answer = batcher.sendAll(List.of("a")).getFirst();
      assertThatThrownBy(() -> get(answer)).hasRootCauseMessage("no answer");
    }
  }

  @Test
  @DisplayName("A full queue refuses new items at once and keeps the waiting ones")
  void fullQueueRefusesNewItems() throws Exception {
    Batcher<String, String> batcher = batcher(10, 2, 1);
    batcher.submit("a");
    Sent first = next();
    List<CompletableFuture<String>> answers = batcher.submitAll(List.of("b", "c", "d"));

    assertThatThrownBy(() -> get(answers.get(2))).hasCauseInstanceOf(OverloadedException.class);
    assertThat(answers.get(0)).isNotDone();
    first.answerAll();
    Sent second = next();
    assertThat(second.items()).containsExactly("b", "c");
    second.answerAll();
    assertThat(get(answers.get(1))).isEqualTo("c!");
  }

  @Test
  @DisplayName("A failure fails all items of its batch, and no other items")
  void failureFailsOnlyItsBatch() throws Exception {
    Batcher<String, String> batcher = batcher(10, 100, 1);
    batcher.submit("a");
    Sent first = next();
    List<CompletableFuture<String>> answers = batcher.submitAll(List.of("b", "c"));
    first.answerAll();
    next().end().completeExceptionally(new IOException("cut off"));

    for (CompletableFuture<String> answer : answers) {
      assertThatThrownBy(() -> get(answer)).rootCause().hasMessage("cut off");
    }
    CompletableFuture<String> later = batcher.submit("d");
    next().answerAll();
    assertThat(get(later)).isEqualTo("d!");
  }

  @Test
  @DisplayName("If there are fewer answers than items, the batch fails")
  void tooFewAnswersFailTheBatch() throws Exception {
    List<CompletableFuture<String>> answers = batcher(10, 100, 1).submitAll(List.of("a", "b"));
    next().end().complete(List.of("a!"));

    for (CompletableFuture<String> answer : answers) {
      assertThatThrownBy(() -> get(answer)).hasMessageContaining("1 answers to 2 requests");
    }
  }

  @Test
  @DisplayName("Closing fails the waiting items and lets the batch in flight end")
  void closeFailsWaitingItems() throws Exception {
    Batcher<String, String> batcher = batcher(1, 100, 1);
    CompletableFuture<String> inFlight = batcher.submit("a");
    Sent first = next();
    CompletableFuture<String> waits = batcher.submit("b");
    batcher.close();

    assertThatThrownBy(() -> get(waits)).hasCauseInstanceOf(OverloadedException.class);
    assertThatThrownBy(() -> get(batcher.submit("c")))
        .hasCauseInstanceOf(OverloadedException.class);
    first.answerAll();
    assertThat(get(inFlight)).isEqualTo("a!");
    await().untilAsserted(() -> assertThat(sent).isEmpty());
  }

  @Test
  @DisplayName("Under load, each item is sent once and gets its own answer")
  void answersEachItemOnceUnderLoad() throws Exception {
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    ConcurrentMap<Integer, Integer> served = new ConcurrentHashMap<>();
    AtomicInteger lanes = new AtomicInteger();
    List<Integer> lanesSeen = new CopyOnWriteArrayList<>();
    try (Batcher<Integer, Integer> batcher =
        new Batcher<>(
            "load",
            7,
            100_000,
            3,
            items -> {
              lanesSeen.add(lanes.incrementAndGet());
              items.forEach(item -> served.merge(item, 1, Integer::sum));
              lanes.decrementAndGet();
              return items.stream().map(item -> item * 2).toList();
            })) {
      List<CompletableFuture<Integer>> answers = new ArrayList<>();
      while (answers.size() < 5_000) {
        int count = Math.min(1 + random.nextInt(20), 5_000 - answers.size());
        answers.addAll(
            batcher.submitAll(
                IntStream.range(answers.size(), answers.size() + count).boxed().toList()));
      }
      for (int i = 0; i < answers.size(); i++) {
        assertThat(get(answers.get(i))).isEqualTo(i * 2);
      }
    }
    assertThat(served).hasSize(5_000);
    assertThat(served.values()).containsOnly(1);
    assertThat(lanesSeen).allMatch(n -> n <= 3);
  }
}
