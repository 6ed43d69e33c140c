package toystore.order;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import toystore.client.Deadline;
import toystore.config.BatchSettings;
import toystore.node.failure.OverloadedException;
import toystore.protocol.api.ApiException;
import toystore.protocol.api.Uuids;
import toystore.protocol.message.Hold;
import toystore.protocol.message.NodeReply;

@Timeout(60)
class HoldClientTest {
  private static final Duration LONG = Duration.ofMinutes(10);

  /** A hold whose quantity identifies it, so that its answer can be recognised. */
  private static Hold hold(int quantity) {
    return new Hold(Uuids.fresh(), "Tux", quantity, Uuids.fresh());
  }

  private static Hold.Answer granted(Hold hold) {
    return new Hold.Granted(1599, hold.quantity());
  }

  private static NodeReply grantAll(Hold.Batch batch) {
    return FakeCatalog.answers(batch.holds().stream().map(HoldClientTest::granted).toList());
  }

  /** Calls that the test answers later. */
  private final List<Runnable> unanswered = new ArrayList<>();

  private @Nullable HoldClient open;

  private HoldClient client(
      FakeCatalog catalog, Duration outcomeTimeout, int maxSize, int maxQueued) {
    HoldClient client =
        new HoldClient(catalog.client(), outcomeTimeout, new BatchSettings(maxSize, maxQueued));
    open = client;
    return client;
  }

  private HoldClient client(FakeCatalog catalog, Duration outcomeTimeout) {
    return client(catalog, outcomeTimeout, 64, 1_024);
  }

  /** A catalog that grants every hold, but answers calls only at {@link #answerAll}. */
  private FakeCatalog delayedCatalog() {
    return new FakeCatalog(this::answerLater);
  }

  private CompletableFuture<NodeReply> answerLater(Hold.Batch batch) {
    CompletableFuture<NodeReply> reply = new CompletableFuture<>();
    synchronized (unanswered) {
      unanswered.add(() -> reply.complete(grantAll(batch)));
    }
    return reply;
  }

  private void answerAll() {
    synchronized (unanswered) {
      unanswered.forEach(Runnable::run);
      unanswered.clear();
    }
  }

  @AfterEach
  void close() {
    if (open != null) {
      open.close();
    }
    // The threads of the client end with the calls that they wait for.
    answerAll();
  }

  /** Returns at once if two calls are under way, otherwise after the answer. */
  private static List<CompletableFuture<Hold.Answer>> requestHolds(
      HoldClient client, List<Hold> holds) {
    return client.holdAll(holds, Deadline.in(LONG));
  }

  /** Requests holds on another thread, because the requesting thread waits for the answer. */
  private static List<CompletableFuture<Hold.Answer>> requestHoldsAsync(
      HoldClient client, List<Hold> holds) {
    CompletableFuture<List<CompletableFuture<Hold.Answer>>> all = new CompletableFuture<>();
    Thread.ofVirtual().start(() -> all.complete(requestHolds(client, holds)));
    return IntStream.range(0, holds.size())
        .mapToObj(i -> all.thenCompose(answers -> answers.get(i)))
        .toList();
  }

  private static void assertGranted(
      List<CompletableFuture<Hold.Answer>> answers, List<Hold> holds) {
    assertThat(answers).hasSameSizeAs(holds);
    for (int i = 0; i < holds.size(); i++) {
      assertThat(answers.get(i))
          .succeedsWithin(Duration.ofSeconds(10))
          .isEqualTo(granted(holds.get(i)));
    }
  }

  @Test
  @DisplayName("Holds that are requested while two calls are under way form the next batches")
  void batchesHoldsWhileTwoCallsAreUnderWay() throws InterruptedException {
    FakeCatalog catalog = delayedCatalog();
    HoldClient client = client(catalog, LONG, 3, 100);
    // A request does not wait for another one while fewer than two calls are under way.
    List<Hold> first = List.of(hold(1));
    List<CompletableFuture<Hold.Answer>> firstAnswers =
        new ArrayList<>(requestHoldsAsync(client, first));
    assertThat(catalog.next().holds()).isEqualTo(first);
    List<Hold> second = List.of(hold(2));
    List<CompletableFuture<Hold.Answer>> secondAnswers =
        new ArrayList<>(requestHoldsAsync(client, second));
    assertThat(catalog.next().holds()).isEqualTo(second);

    List<Hold> rest = IntStream.rangeClosed(3, 7).mapToObj(HoldClientTest::hold).toList();
    List<CompletableFuture<Hold.Answer>> restAnswers = new ArrayList<>();
    rest.forEach(h -> restAnswers.addAll(requestHolds(client, List.of(h))));
    assertThat(catalog.hasNoMoreCalls()).isTrue();
    answerAll();

    List<Hold.Batch> batches = List.of(catalog.next(), catalog.next());
    answerAll();
    // Two calls take the rest, in any order. No call exceeds the maximum size.
    assertThat(batches).extracting(b -> b.holds().size()).containsExactlyInAnyOrder(3, 2);
    assertThat(batches.stream().flatMap(b -> b.holds().stream()))
        .containsExactlyInAnyOrderElementsOf(rest);
    assertGranted(firstAnswers, first);
    assertGranted(secondAnswers, second);
    // The second of the two calls may have arrived after the answers.
    await().atMost(Duration.ofSeconds(10)).until(() -> allDone(restAnswers));
    assertGranted(restAnswers, rest);
  }

  private boolean allDone(List<CompletableFuture<Hold.Answer>> answers) {
    answerAll();
    return answers.stream().allMatch(CompletableFuture::isDone);
  }

  @Test
  @DisplayName("Holds beyond the queue limit are rejected at once")
  void rejectsHoldsBeyondTheQueueLimit() throws InterruptedException {
    FakeCatalog catalog = delayedCatalog();
    HoldClient client = client(catalog, LONG, 2, 2);
    for (int call = 1; call <= 2; call++) {
      var _ = requestHoldsAsync(client, List.of(hold(call)));
      assertThat(catalog.next().holds()).hasSize(1);
    }

    List<CompletableFuture<Hold.Answer>> waiting =
        requestHolds(client, List.of(hold(3), hold(4), hold(5)));
    assertThat(waiting.subList(0, 2)).noneMatch(CompletableFuture::isDone);
    assertFailed(waiting.get(2), OverloadedException.class);
  }

  @Test
  @DisplayName("A hold whose deadline has passed is not sent, so it blocks no stock")
  void doesNotSendHoldsAfterTheirDeadline() throws InterruptedException {
    FakeCatalog catalog = delayedCatalog();
    HoldClient client = client(catalog, LONG);
    for (int call = 1; call <= 2; call++) {
      var _ = requestHoldsAsync(client, List.of(hold(call)));
      assertThat(catalog.next().holds()).hasSize(1);
    }
    CompletableFuture<Hold.Answer> expired =
        client.holdAll(List.of(hold(3)), Deadline.in(Duration.ZERO)).getFirst();
    List<Hold> wanted = List.of(hold(4));
    List<CompletableFuture<Hold.Answer>> answers = requestHolds(client, wanted);
    answerAll();

    assertThat(catalog.next().holds()).isEqualTo(wanted);
    answerAll();
    assertGranted(answers, wanted);
    assertFailed(expired, TimeoutException.class);
  }

  /** A hold with little time left can be sent together with holds that have more. */
  @Test
  @DisplayName("A batch has the latest deadline of its holds")
  void aBatchHasTheLatestDeadlineOfItsHolds() throws InterruptedException {
    FakeCatalog catalog = delayedCatalog();
    HoldClient client = client(catalog, LONG);
    for (int call = 1; call <= 2; call++) {
      var _ = requestHoldsAsync(client, List.of(hold(call)));
      assertThat(catalog.next().holds()).hasSize(1);
    }
    List<Hold> holds = List.of(hold(3), hold(4));
    List<CompletableFuture<Hold.Answer>> answers =
        new ArrayList<>(requestHolds(client, holds.subList(0, 1)));
    answers.addAll(client.holdAll(holds.subList(1, 2), Deadline.in(Duration.ofMillis(500))));
    answerAll();

    assertThat(catalog.next().holds()).isEqualTo(holds);
    assertThat(catalog.lastTimeout()).isGreaterThan(Duration.ofMinutes(1));
    answerAll();
    assertGranted(answers, holds);
  }

  private static void assertFailed(
      CompletableFuture<Hold.Answer> answer, Class<? extends Exception> with) {
    assertThatThrownBy(() -> answer.get(10, TimeUnit.SECONDS)).hasCauseInstanceOf(with);
  }

  @Test
  @DisplayName("Outcomes are sent alone if no hold is requested")
  void sendsOutcomesAlone() throws InterruptedException {
    FakeCatalog catalog = new FakeCatalog(b -> CompletableFuture.completedFuture(grantAll(b)));
    HoldClient client = client(catalog, LONG);
    UUID settled = Uuids.fresh();
    UUID released = Uuids.fresh();
    client.reportSettled(settled);
    Hold.Batch first = catalog.next();
    assertThat(first.holds()).isEmpty();
    assertThat(first.outcomes()).isEqualTo(new Hold.Outcomes(List.of(settled), List.of()));

    // Each outcome is sent once.
    client.reportReleased(released);
    Hold.Batch second = catalog.next();
    assertThat(second.holds()).isEmpty();
    assertThat(second.outcomes()).isEqualTo(new Hold.Outcomes(List.of(), List.of(released)));
  }

  /** Lets the timer of the client wait for an answer, so that it sends no outcomes meanwhile. */
  private void keepTimerBusy(HoldClient client, FakeCatalog catalog) throws InterruptedException {
    client.reportSettled(Uuids.fresh());
    assertThat(catalog.next().outcomes().settled()).hasSize(1);
  }

  @Test
  @DisplayName("Outcomes are sent with the next holds")
  void sendsOutcomesWithTheNextHolds() throws InterruptedException {
    FakeCatalog catalog = delayedCatalog();
    HoldClient client = client(catalog, LONG);
    keepTimerBusy(client, catalog);
    Hold.Outcomes outcomes =
        new Hold.Outcomes(List.of(Uuids.fresh(), Uuids.fresh()), List.of(Uuids.fresh()));
    outcomes.settled().forEach(client::reportSettled);
    outcomes.released().forEach(client::reportReleased);

    List<Hold> holds = List.of(hold(1), hold(2));
    List<CompletableFuture<Hold.Answer>> answers = requestHoldsAsync(client, holds);
    assertThat(catalog.next()).isEqualTo(new Hold.Batch(holds, outcomes));
    List<CompletableFuture<Hold.Answer>> more = requestHoldsAsync(client, List.of(hold(3)));
    assertThat(catalog.next().outcomes()).isEqualTo(Hold.Outcomes.NONE);
    answerAll();
    assertGranted(answers, holds);
    assertThat(more.getFirst()).succeedsWithin(Duration.ofSeconds(10));
  }

  @Test
  @DisplayName("The number of outcomes kept while the catalog is unreachable is bounded")
  void keepsABoundedNumberOfOutcomes() throws InterruptedException {
    FakeCatalog catalog = delayedCatalog();
    HoldClient client = client(catalog, LONG);
    keepTimerBusy(client, catalog);
    List<UUID> ids = Stream.generate(Uuids::fresh).limit(5_000).toList();
    ids.forEach(client::reportSettled);
    ids.forEach(client::reportReleased);

    var _ = requestHoldsAsync(client, List.of(hold(1)));
    assertThat(catalog.next().outcomes())
        .isEqualTo(new Hold.Outcomes(ids.subList(0, 4_096), ids.subList(0, 4_096)));
  }

  @Test
  @DisplayName(
      "Outcomes that cannot be delivered are dropped after the deadline; the catalog will ask for"
          + " them")
  void dropsOutcomesAfterTheDeadline() throws InterruptedException {
    UUID lost = Uuids.fresh();
    UUID delivered = Uuids.fresh();
    FakeCatalog catalog =
        new FakeCatalog(
            batch ->
                batch.outcomes().settled().contains(lost)
                    ? FakeCatalog.status(503)
                    : CompletableFuture.completedFuture(grantAll(batch)));
    HoldClient client = client(catalog, Duration.ofMillis(300));
    client.reportSettled(lost);
    assertThat(catalog.next().outcomes().settled()).containsExactly(lost);
    // The client retries until the deadline: the catalog may be electing a leader.
    assertThat(catalog.next().outcomes().settled()).containsExactly(lost);

    client.reportSettled(delivered);
    Hold.Batch next = catalog.next();
    while (next.outcomes().settled().equals(List.of(lost))) {
      next = catalog.next();
    }
    assertThat(next.outcomes()).isEqualTo(new Hold.Outcomes(List.of(delivered), List.of()));
  }

  @Test
  @DisplayName("Holds fail after their deadline, and later holds are sent")
  void failsHoldsAfterTheDeadline() throws InterruptedException {
    Hold rejected = hold(1);
    FakeCatalog catalog =
        new FakeCatalog(
            batch ->
                batch.holds().contains(rejected)
                    ? FakeCatalog.status(503)
                    : CompletableFuture.completedFuture(grantAll(batch)));
    HoldClient client = client(catalog, LONG);
    Deadline soon = Deadline.in(Duration.ofMillis(300));
    assertFailed(client.holdAll(List.of(rejected), soon).getFirst(), ApiException.class);

    List<Hold> accepted = List.of(hold(2));
    assertGranted(requestHolds(client, accepted), accepted);
  }

  @Test
  @DisplayName("If the catalog rejects a batch, its holds fail at once")
  void failsHoldsOfARejectedBatchAtOnce() {
    HoldClient client = client(new FakeCatalog(batch -> FakeCatalog.status(400)), LONG);
    CompletableFuture<Hold.Answer> answer = requestHolds(client, List.of(hold(1))).getFirst();
    assertFailed(answer, IOException.class);
    assertThat(answer.exceptionNow()).hasMessageContaining("400");
  }

  @Test
  @DisplayName("Outcomes of a failed call are sent with the next call")
  void sendsOutcomesOfAFailedCallAgain() throws InterruptedException {
    Hold rejected = hold(1);
    FakeCatalog catalog =
        new FakeCatalog(
            batch ->
                batch.holds().contains(rejected)
                    ? FakeCatalog.status(400)
                    : batch.holds().isEmpty() ? answerLater(batch) : done(grantAll(batch)));
    HoldClient client = client(catalog, LONG);
    keepTimerBusy(client, catalog);
    UUID settled = Uuids.fresh();
    UUID released = Uuids.fresh();
    client.reportSettled(settled);
    client.reportReleased(released);
    assertFailed(requestHolds(client, List.of(rejected)).getFirst(), IOException.class);
    Hold.Outcomes both = new Hold.Outcomes(List.of(settled), List.of(released));
    assertThat(catalog.next().outcomes()).isEqualTo(both);

    assertThat(requestHolds(client, List.of(hold(2))).getFirst())
        .succeedsWithin(Duration.ofSeconds(10));
    assertThat(catalog.next().outcomes()).isEqualTo(both);
  }

  private static CompletableFuture<NodeReply> done(NodeReply reply) {
    return CompletableFuture.completedFuture(reply);
  }

  @Test
  @DisplayName("Closing fails the waiting holds and rejects new ones")
  void closingFailsWaitingAndNewHolds() throws InterruptedException {
    FakeCatalog catalog = delayedCatalog();
    HoldClient client = client(catalog, LONG);
    for (int call = 1; call <= 2; call++) {
      var _ = requestHoldsAsync(client, List.of(hold(call)));
      assertThat(catalog.next().holds()).hasSize(1);
    }
    CompletableFuture<Hold.Answer> waiting = requestHolds(client, List.of(hold(3))).getFirst();
    assertThat(waiting).isNotDone();

    client.close();
    assertFailed(waiting, OverloadedException.class);
    assertFailed(requestHolds(client, List.of(hold(4))).getFirst(), OverloadedException.class);
  }
}
