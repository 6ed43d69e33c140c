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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import toystore.client.Deadline;
import toystore.config.StoreConfig;
import toystore.node.rpc.OverloadedException;
import toystore.protocol.api.ApiException;
import toystore.protocol.api.Uuids;
import toystore.protocol.message.Hold;
import toystore.protocol.message.NodeReply;

@Timeout(60)
class HoldClientTest {
  private static final Duration LONG = Duration.ofMinutes(10);

  /** What it stands for is its quantity, so that an answer can be told from another one. */
  private static Hold hold(int quantity) {
    return new Hold(Uuids.fresh(), "Tux", quantity, Uuids.fresh());
  }

  private static Hold.Answer granted(Hold hold) {
    return new Hold.Granted(1599, hold.quantity());
  }

  private static NodeReply grantAll(Hold.Batch batch) {
    return FakeCatalog.answers(batch.holds().stream().map(HoldClientTest::granted).toList());
  }

  /** Calls that wait for their answer until the test gives it. */
  private final List<Runnable> unanswered = new ArrayList<>();

  private @Nullable HoldClient open;

  private HoldClient desk(FakeCatalog catalog, Duration patience, int maxSize, int maxQueued) {
    HoldClient desk =
        new HoldClient(catalog.route(), patience, new StoreConfig.Batch(maxSize, maxQueued));
    open = desk;
    return desk;
  }

  private HoldClient desk(FakeCatalog catalog, Duration patience) {
    return desk(catalog, patience, 64, 1_024);
  }

  /** A catalog that grants all, each call only when it is told to by {@link #answerAll}. */
  private FakeCatalog slow() {
    return new FakeCatalog(this::later);
  }

  private CompletableFuture<NodeReply> later(Hold.Batch batch) {
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
    // The desk's threads end with the calls that they wait for.
    answerAll();
  }

  /** Returns at once where both calls are under way; else with the answer. */
  private static List<CompletableFuture<Hold.Answer>> ask(HoldClient desk, List<Hold> holds) {
    return desk.holdAll(holds, Deadline.in(LONG));
  }

  /** Who asks is at it until there is an answer. */
  private static List<CompletableFuture<Hold.Answer>> askMeanwhile(
      HoldClient desk, List<Hold> holds) {
    CompletableFuture<List<CompletableFuture<Hold.Answer>>> all = new CompletableFuture<>();
    Thread.ofVirtual().start(() -> all.complete(ask(desk, holds)));
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
  void whatIsAskedWhileTwoCallsAreUnderWayFormsTheNextOnes() throws InterruptedException {
    FakeCatalog catalog = slow();
    HoldClient desk = desk(catalog, LONG, 3, 100);
    // No caller waits for another one as long as a lane is free.
    List<Hold> first = List.of(hold(1));
    List<CompletableFuture<Hold.Answer>> firstAnswers = new ArrayList<>(askMeanwhile(desk, first));
    assertThat(catalog.next().holds()).isEqualTo(first);
    List<Hold> second = List.of(hold(2));
    List<CompletableFuture<Hold.Answer>> secondAnswers =
        new ArrayList<>(askMeanwhile(desk, second));
    assertThat(catalog.next().holds()).isEqualTo(second);

    List<Hold> rest = IntStream.rangeClosed(3, 7).mapToObj(HoldClientTest::hold).toList();
    List<CompletableFuture<Hold.Answer>> restAnswers = new ArrayList<>();
    rest.forEach(h -> restAnswers.addAll(ask(desk, List.of(h))));
    assertThat(catalog.toldNothingMore()).isTrue();
    answerAll();

    List<Hold.Batch> batches = List.of(catalog.next(), catalog.next());
    answerAll();
    // Two lanes take the rest, in whichever order they arrive; no call is larger than allowed.
    assertThat(batches).extracting(b -> b.holds().size()).containsExactlyInAnyOrder(3, 2);
    assertThat(batches.stream().flatMap(b -> b.holds().stream()))
        .containsExactlyInAnyOrderElementsOf(rest);
    assertGranted(firstAnswers, first);
    assertGranted(secondAnswers, second);
    // The second of the two may have arrived after the answers were given.
    await().atMost(Duration.ofSeconds(10)).until(() -> allDone(restAnswers));
    assertGranted(restAnswers, rest);
  }

  private boolean allDone(List<CompletableFuture<Hold.Answer>> answers) {
    answerAll();
    return answers.stream().allMatch(CompletableFuture::isDone);
  }

  @Test
  void moreThanMayWaitIsRefusedAtOnce() throws InterruptedException {
    FakeCatalog catalog = slow();
    HoldClient desk = desk(catalog, LONG, 2, 2);
    for (int lane = 1; lane <= 2; lane++) {
      var _ = askMeanwhile(desk, List.of(hold(lane)));
      assertThat(catalog.next().holds()).hasSize(1);
    }

    List<CompletableFuture<Hold.Answer>> waiting = ask(desk, List.of(hold(3), hold(4), hold(5)));
    assertThat(waiting.subList(0, 2)).noneMatch(CompletableFuture::isDone);
    assertFailed(waiting.get(2), OverloadedException.class);
  }

  /** Stock that is held for nobody is refused to those who wait. */
  @Test
  void whatNobodyWaitsForAnyMoreIsNotHeld() throws InterruptedException {
    FakeCatalog catalog = slow();
    HoldClient desk = desk(catalog, LONG);
    for (int lane = 1; lane <= 2; lane++) {
      var _ = askMeanwhile(desk, List.of(hold(lane)));
      assertThat(catalog.next().holds()).hasSize(1);
    }
    CompletableFuture<Hold.Answer> givenUp =
        desk.holdAll(List.of(hold(3)), Deadline.in(Duration.ZERO)).getFirst();
    List<Hold> wanted = List.of(hold(4));
    List<CompletableFuture<Hold.Answer>> answers = ask(desk, wanted);
    answerAll();

    assertThat(catalog.next().holds()).isEqualTo(wanted);
    answerAll();
    assertGranted(answers, wanted);
    assertFailed(givenUp, TimeoutException.class);
  }

  /** One that has hardly any time left goes with others that have. */
  @Test
  void aBatchHasAsMuchTimeAsTheMostPatientOfIt() throws InterruptedException {
    FakeCatalog catalog = slow();
    HoldClient desk = desk(catalog, LONG);
    for (int lane = 1; lane <= 2; lane++) {
      var _ = askMeanwhile(desk, List.of(hold(lane)));
      assertThat(catalog.next().holds()).hasSize(1);
    }
    List<Hold> holds = List.of(hold(3), hold(4));
    List<CompletableFuture<Hold.Answer>> answers = new ArrayList<>(ask(desk, holds.subList(0, 1)));
    answers.addAll(desk.holdAll(holds.subList(1, 2), Deadline.in(Duration.ofMillis(500))));
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
  void outcomesAreSentAloneAfterAMoment() throws InterruptedException {
    FakeCatalog catalog = new FakeCatalog(b -> CompletableFuture.completedFuture(grantAll(b)));
    HoldClient desk = desk(catalog, LONG);
    UUID settled = Uuids.fresh();
    UUID released = Uuids.fresh();
    desk.settled(settled);
    Hold.Batch first = catalog.next();
    assertThat(first.holds()).isEmpty();
    assertThat(first.outcomes()).isEqualTo(new Hold.Outcomes(List.of(settled), List.of()));

    // Each is told once.
    desk.released(released);
    Hold.Batch second = catalog.next();
    assertThat(second.holds()).isEmpty();
    assertThat(second.outcomes()).isEqualTo(new Hold.Outcomes(List.of(), List.of(released)));
  }

  /**
   * The desk's timer waits for the answer to a message, so that nothing is sent alone meanwhile.
   */
  private void keepTimerBusy(HoldClient desk, FakeCatalog catalog) throws InterruptedException {
    desk.settled(Uuids.fresh());
    assertThat(catalog.next().outcomes().settled()).hasSize(1);
  }

  @Test
  void outcomesRideWithTheNextHolds() throws InterruptedException {
    FakeCatalog catalog = slow();
    HoldClient desk = desk(catalog, LONG);
    keepTimerBusy(desk, catalog);
    Hold.Outcomes outcomes =
        new Hold.Outcomes(List.of(Uuids.fresh(), Uuids.fresh()), List.of(Uuids.fresh()));
    outcomes.settled().forEach(desk::settled);
    outcomes.released().forEach(desk::released);

    List<Hold> holds = List.of(hold(1), hold(2));
    List<CompletableFuture<Hold.Answer>> answers = askMeanwhile(desk, holds);
    assertThat(catalog.next()).isEqualTo(new Hold.Batch(holds, outcomes));
    List<CompletableFuture<Hold.Answer>> more = askMeanwhile(desk, List.of(hold(3)));
    assertThat(catalog.next().outcomes()).isEqualTo(Hold.Outcomes.NONE);
    answerAll();
    assertGranted(answers, holds);
    assertThat(more.getFirst()).succeedsWithin(Duration.ofSeconds(10));
  }

  /** A catalog that is away for long must cost no memory without bound. */
  @Test
  void aDeskKeepsNoMoreOutcomesThanFitOneCall() throws InterruptedException {
    FakeCatalog catalog = slow();
    HoldClient desk = desk(catalog, LONG);
    keepTimerBusy(desk, catalog);
    List<UUID> ids = Stream.generate(Uuids::fresh).limit(5_000).toList();
    ids.forEach(desk::settled);
    ids.forEach(desk::released);

    var _ = askMeanwhile(desk, List.of(hold(1)));
    assertThat(catalog.next().outcomes())
        .isEqualTo(new Hold.Outcomes(ids.subList(0, 4_096), ids.subList(0, 4_096)));
  }

  /** What cannot be told is doubtful: the catalog asks for it, and hears it from the log. */
  @Test
  void outcomesThatCannotBeToldAreDroppedAfterTheDeadline() throws InterruptedException {
    UUID lost = Uuids.fresh();
    UUID told = Uuids.fresh();
    FakeCatalog catalog =
        new FakeCatalog(
            batch ->
                batch.outcomes().settled().contains(lost)
                    ? FakeCatalog.status(503)
                    : CompletableFuture.completedFuture(grantAll(batch)));
    HoldClient desk = desk(catalog, Duration.ofMillis(300));
    desk.settled(lost);
    assertThat(catalog.next().outcomes().settled()).containsExactly(lost);
    // The catalog is tried again before the deadline: it may just be changing its leader.
    assertThat(catalog.next().outcomes().settled()).containsExactly(lost);

    desk.settled(told);
    Hold.Batch next = catalog.next();
    while (next.outcomes().settled().equals(List.of(lost))) {
      next = catalog.next();
    }
    assertThat(next.outcomes()).isEqualTo(new Hold.Outcomes(List.of(told), List.of()));
  }

  @Test
  void holdsFailAfterTheDeadlineAndTheNextOnesAreSentAgain() throws InterruptedException {
    Hold unlucky = hold(1);
    FakeCatalog catalog =
        new FakeCatalog(
            batch ->
                batch.holds().contains(unlucky)
                    ? FakeCatalog.status(503)
                    : CompletableFuture.completedFuture(grantAll(batch)));
    HoldClient desk = desk(catalog, LONG);
    Deadline soon = Deadline.in(Duration.ofMillis(300));
    assertFailed(desk.holdAll(List.of(unlucky), soon).getFirst(), ApiException.class);

    List<Hold> lucky = List.of(hold(2));
    assertGranted(ask(desk, lucky), lucky);
  }

  @Test
  void aCatalogThatRefusesABatchFailsItsHoldsAtOnce() {
    HoldClient desk = desk(new FakeCatalog(batch -> FakeCatalog.status(400)), LONG);
    CompletableFuture<Hold.Answer> answer = ask(desk, List.of(hold(1))).getFirst();
    assertFailed(answer, IOException.class);
    assertThat(answer.exceptionNow()).hasMessageContaining("400");
  }

  /** The holds may have had no time left; what became of others is told with the next ones. */
  @Test
  void outcomesOfACallThatFailsRideWithTheNextOne() throws InterruptedException {
    Hold unlucky = hold(1);
    FakeCatalog catalog =
        new FakeCatalog(
            batch ->
                batch.holds().contains(unlucky)
                    ? FakeCatalog.status(400)
                    : batch.holds().isEmpty() ? later(batch) : done(grantAll(batch)));
    HoldClient desk = desk(catalog, LONG);
    keepTimerBusy(desk, catalog);
    UUID settled = Uuids.fresh();
    UUID released = Uuids.fresh();
    desk.settled(settled);
    desk.released(released);
    assertFailed(ask(desk, List.of(unlucky)).getFirst(), IOException.class);
    Hold.Outcomes both = new Hold.Outcomes(List.of(settled), List.of(released));
    assertThat(catalog.next().outcomes()).isEqualTo(both);

    assertThat(ask(desk, List.of(hold(2))).getFirst()).succeedsWithin(Duration.ofSeconds(10));
    assertThat(catalog.next().outcomes()).isEqualTo(both);
  }

  private static CompletableFuture<NodeReply> done(NodeReply reply) {
    return CompletableFuture.completedFuture(reply);
  }

  @Test
  void closingFailsWhatWaitsAndTakesNothingMore() throws InterruptedException {
    FakeCatalog catalog = slow();
    HoldClient desk = desk(catalog, LONG);
    for (int lane = 1; lane <= 2; lane++) {
      var _ = askMeanwhile(desk, List.of(hold(lane)));
      assertThat(catalog.next().holds()).hasSize(1);
    }
    CompletableFuture<Hold.Answer> waiting = ask(desk, List.of(hold(3))).getFirst();
    assertThat(waiting).isNotDone();

    desk.close();
    assertFailed(waiting, OverloadedException.class);
    assertFailed(ask(desk, List.of(hold(4))).getFirst(), OverloadedException.class);
  }
}
