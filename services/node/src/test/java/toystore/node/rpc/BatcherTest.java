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
import org.junit.jupiter.api.Test;
import toystore.node.failure.OverloadedException;

class BatcherTest {
  /** One batch as the test sees it: its items, and how it ends when the test says so. */
  private record Sent(List<String> items, CompletableFuture<List<String>> end) {
    void answerAll() {
      end.complete(items.stream().map(item -> item + "!").toList());
    }
  }

  private final LinkedBlockingQueue<Sent> sent = new LinkedBlockingQueue<>();
  private final Set<String> superfluous = ConcurrentHashMap.newKeySet();
  private @Nullable Batcher<String, String> open;

  private Batcher<String, String> batcher(int maxBatch, int maxQueued, int lanes) {
    return batcher(maxBatch, maxQueued, lanes, Duration.ofMillis(1));
  }

  private Batcher<String, String> batcher(
      int maxBatch, int maxQueued, int lanes, Duration patience) {
    Batcher<String, String> batcher =
        new Batcher<>(
            "test",
            maxBatch,
            maxQueued,
            lanes,
            patience,
            item -> !superfluous.contains(item),
            items -> {
              Sent mine = new Sent(items, new CompletableFuture<>());
              sent.add(mine);
              return BatcherTest.get(mine.end());
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
  void aLoneRequestWaitsForNobody() throws Exception {
    CompletableFuture<String> answer = batcher(10, 100, 1).submit("a");

    Sent batch = next();
    assertThat(batch.items()).containsExactly("a");
    batch.answerAll();
    assertThat(get(answer)).isEqualTo("a!");
  }

  @Test
  void whatArrivesMeanwhileFormsTheNextBatchInOrder() throws Exception {
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
  void whatNobodyWaitsForAnyMoreIsNotSent() throws Exception {
    Batcher<String, String> batcher = batcher(2, 4, 1);
    batcher.submit("a");
    Sent first = next();
    List<CompletableFuture<String>> answers = batcher.submitAll(List.of("b", "c", "d", "e"));
    superfluous.addAll(List.of("b", "d", "e"));
    first.answerAll();

    Sent second = next();
    assertThat(second.items()).containsExactly("c");
    second.answerAll();
    assertThat(get(answers.get(1))).isEqualTo("c!");
    for (int i : List.of(0, 2, 3)) {
      assertThatThrownBy(() -> get(answers.get(i))).hasCauseInstanceOf(TimeoutException.class);
    }
    assertThat(batcher.queued()).isZero();
    // Nor does a batch of which nothing is left end its lane.
    CompletableFuture<String> later = batcher.submit("f");
    next().answerAll();
    assertThat(get(later)).isEqualTo("f!");
  }

  @Test
  void aBatchHasAtMostItsSize() throws Exception {
    Batcher<String, String> batcher = batcher(2, 100, 1);
    batcher.submitAll(List.of("a", "b", "c", "d", "e"));

    for (List<String> expected : List.of(List.of("a", "b"), List.of("c", "d"), List.of("e"))) {
      Sent batch = next();
      assertThat(batch.items()).isEqualTo(expected);
      batch.answerAll();
    }
  }

  @Test
  void asManyBatchesAsThereAreLanesAreUnderWay() throws Exception {
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
  void aFurtherBatchGoesOnceItIsAsLargeAsThoseUnderWay() throws Exception {
    Batcher<String, String> batcher = batcher(10, 100, 2, Duration.ofHours(1));
    batcher.submit("a");
    Sent first = next();
    batcher.submitAll(List.of("b", "c", "d"));
    Sent second = next();
    assertThat(second.items()).containsExactly("b", "c", "d");
    first.answerAll();

    // One by one, as the clients of a batch come back; others are two under way on the average.
    List<CompletableFuture<String>> answers = batcher.submitAll(List.of("e", "f", "g"));
    assertThat(next().items()).containsExactly("e", "f", "g");
    assertThat(answers).noneMatch(CompletableFuture::isDone);
    second.answerAll();
  }

  @Test
  void aSmallerBatchWaitsForThoseUnderWayToEnd() throws Exception {
    Batcher<String, String> batcher = batcher(10, 100, 2, Duration.ofHours(1));
    batcher.submitAll(List.of("a", "b", "c", "d"));
    Sent first = next();
    batcher.submit("e");
    batcher.submit("f");
    first.answerAll();
    assertThat(next().items()).containsExactly("e", "f");
  }

  /** One that hangs must not hold up what is behind it. */
  @Test
  void aSmallerBatchGoesAfterAWhileInAnyCase() throws Exception {
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
  void whoHasNothingElseToDoSendsByItself() throws Exception {
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
  void whatIsSentByWhoAskedCountsAmongTheBatchesUnderWay() throws Exception {
    Batcher<String, String> batcher = batcher(10, 100, 1);
    CompletableFuture<List<CompletableFuture<String>>> mine =
        CompletableFuture.supplyAsync(() -> batcher.sendAll(List.of("a", "b")));
    Sent first = next();
    CompletableFuture<String> meanwhile = batcher.submit("c");
    List<CompletableFuture<String>> others = batcher.sendAll(List.of("d"));
    // More than the patience of one that waits for a lane: the only one is taken.
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
  void aFailureOfWhatOneSendsByItselfIsInTheFutures() {
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
  void aFullQueueRefusesAtOnceAndKeepsWhatWaits() throws Exception {
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
  void aFailureFailsAllOfItsBatchAndNothingElse() throws Exception {
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
  void tooFewAnswersFailTheBatch() throws Exception {
    List<CompletableFuture<String>> answers = batcher(10, 100, 1).submitAll(List.of("a", "b"));
    next().end().complete(List.of("a!"));

    for (CompletableFuture<String> answer : answers) {
      assertThatThrownBy(() -> get(answer)).hasMessageContaining("1 answers to 2 requests");
    }
  }

  @Test
  void closingFailsWhatWaitsAndLetsTheBatchUnderWayEnd() throws Exception {
    Batcher<String, String> batcher = batcher(1, 100, 1);
    CompletableFuture<String> underWay = batcher.submit("a");
    Sent first = next();
    CompletableFuture<String> waits = batcher.submit("b");
    batcher.close();

    assertThatThrownBy(() -> get(waits)).hasCauseInstanceOf(OverloadedException.class);
    assertThatThrownBy(() -> get(batcher.submit("c")))
        .hasCauseInstanceOf(OverloadedException.class);
    first.answerAll();
    assertThat(get(underWay)).isEqualTo("a!");
    await().untilAsserted(() -> assertThat(sent).isEmpty());
  }

  @Test
  void underLoadEveryRequestGetsItsOwnAnswerOnce() throws Exception {
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
