package toystore.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import toystore.api.CacheLease;
import toystore.api.Ids;
import toystore.api.Json;
import toystore.api.ProductReads;
import toystore.api.StoreConfig;
import toystore.server.Caller;

class PublisherTest {
  private static final Duration LONG = Duration.ofMinutes(10);

  /** One message to a front end, answered when the test says so. */
  private record Told(
      String url, UUID session, Set<String> names, CompletableFuture<Caller.Reply> reply) {
    void answer(int status) {
      reply.complete(new Caller.Reply(status, new byte[0], null));
    }
  }

  private final LinkedBlockingQueue<Told> told = new LinkedBlockingQueue<>();
  private @Nullable Publisher open;

  private CompletableFuture<Caller.Reply> tell(
      String url, byte @Nullable [] body, Duration timeout) {
    if (!timeout.isPositive()) {
      throw new IllegalArgumentException("a call may not take " + timeout);
    }
    try {
      CacheLease.Invalidation message =
          Json.fromCbor(Objects.requireNonNull(body), CacheLease.Invalidation.class);
      Told mine =
          new Told(url, message.session(), Set.copyOf(message.names()), new CompletableFuture<>());
      told.add(mine);
      return mine.reply();
    } catch (IOException e) {
      throw new AssertionError("not an invalidation", e);
    }
  }

  private Publisher publisher(Sessions sessions) {
    Publisher publisher =
        new Publisher(
            this::tell, sessions, new StoreConfig.Batch(16, 64), new SimpleMeterRegistry());
    publisher.reset(List.of(row("Tux", 100, 1), row("Fox", 100, 1)));
    open = publisher;
    return publisher;
  }

  @AfterEach
  void close() {
    if (open != null) {
      open.close();
    }
  }

  private static ProductRow row(String name, long onHand, long version) {
    return new ProductRow(
        name, name.equals("Tux") ? 0 : 1, 1599, 100, onHand, 100 - onHand, 0, version);
  }

  private static UUID session(Sessions sessions, String url) {
    UUID id = Ids.fresh();
    assertThat(sessions.renew(new CacheLease.Renewal(id, url, null)).lengthMs()).isPositive();
    return id;
  }

  private Told next() throws InterruptedException {
    Told message = told.poll(10, TimeUnit.SECONDS);
    assertThat(message).as("a front end is told").isNotNull();
    return Objects.requireNonNull(message);
  }

  private static void assertPublished(CompletableFuture<Boolean> done) {
    assertThat(done).succeedsWithin(Duration.ofSeconds(10));
  }

  private static void assertShown(Publisher publisher, long version, boolean cacheable) {
    ProductReads.Answer answer = publisher.read("Tux");
    assertThat(Objects.requireNonNull(answer.product()).version()).isEqualTo(version);
    assertThat(answer.cacheable()).isEqualTo(cacheable);
  }

  @Test
  void withoutCachesAChangeIsShownAtOnce() {
    Publisher publisher = publisher(new Sessions(Ticker.SYSTEM, LONG));

    assertPublished(publisher.publishLater(List.of(row("Tux", 90, 2))));
    assertShown(publisher, 2, true);
    assertThat(publisher.products()).extracting(ProductRow::name).containsExactly("Tux", "Fox");
    assertThat(publisher.read("Whale")).isEqualTo(new ProductReads.Answer(null, true));
  }

  @Test
  void readersSeeTheOldStateUntilTheLastCacheHasForgottenIt() throws Exception {
    Sessions sessions = new Sessions(Ticker.SYSTEM, LONG);
    UUID one = session(sessions, "http://one");
    UUID two = session(sessions, "http://two");
    Publisher publisher = publisher(sessions);
    CompletableFuture<Boolean> done = publisher.publishLater(List.of(row("Tux", 90, 2)));
    Told first = next();
    Told second = next();

    assertThat(List.of(first.session(), second.session())).containsExactlyInAnyOrder(one, two);
    assertThat(first.url()).matches("http://(one|two)/invalidation");
    assertThat(first.names()).containsExactly("Tux");
    assertShown(publisher, 1, false);
    assertThat(publisher.read("Fox").cacheable()).isTrue();
    first.answer(200);
    assertThat(done).isNotDone();
    assertShown(publisher, 1, false);
    second.answer(200);
    assertPublished(done);
    assertShown(publisher, 2, true);
  }

  @Test
  void changesThatArriveMeanwhileAreToldInOneMessageAsTheyAreThen() throws Exception {
    Sessions sessions = new Sessions(Ticker.SYSTEM, LONG);
    session(sessions, "http://one");
    Publisher publisher = publisher(sessions);
    CompletableFuture<Boolean> first = publisher.publishLater(List.of(row("Tux", 90, 2)));
    Told round = next();
    CompletableFuture<Boolean> third = publisher.publishLater(List.of(row("Tux", 70, 4)));
    CompletableFuture<Boolean> second = publisher.publishLater(List.of(row("Tux", 80, 3)));
    CompletableFuture<Boolean> fox = publisher.publishLater(List.of(row("Fox", 99, 2)));
    round.answer(200);
    assertPublished(first);

    Told together = next();
    assertThat(together.names()).containsExactlyInAnyOrder("Tux", "Fox");
    assertThat(second).isNotDone();
    assertShown(publisher, 2, false);
    together.answer(200);
    assertPublished(third);
    assertPublished(second);
    assertPublished(fox);
    assertShown(publisher, 4, true);
    assertThat(told).isEmpty();
  }

  @Test
  void cachesAreNotToldAgainOfWhatReadersSee() {
    Sessions sessions = new Sessions(Ticker.SYSTEM, LONG);
    session(sessions, "http://one");
    Publisher publisher = publisher(sessions);

    assertThat(publisher.publishLater(List.of(row("Tux", 100, 1)))).isCompleted();
    assertThat(publisher.publishLater(List.of())).isCompleted();
    assertThat(told).isEmpty();
  }

  @Test
  void anAnswerThatSpeaksOfAChangeUnderWayWaitsForIt() throws Exception {
    Sessions sessions = new Sessions(Ticker.SYSTEM, LONG);
    session(sessions, "http://one");
    Publisher publisher = publisher(sessions);
    publisher.publishLater(List.of(row("Tux", 90, 2)));
    Told round = next();
    CompletableFuture<Boolean> repeated = publisher.publishLater(List.of(row("Tux", 90, 2)));
    assertThat(repeated).isNotDone();
    round.answer(200);
    next().answer(200);

    assertPublished(repeated);
  }

  @Test
  void aFrontEndThatDroppedItsSessionIsNotWaitedFor() throws Exception {
    Sessions sessions = new Sessions(Ticker.SYSTEM, LONG);
    session(sessions, "http://one");
    Publisher publisher = publisher(sessions);
    CompletableFuture<Boolean> done = publisher.publishLater(List.of(row("Tux", 90, 2)));
    next().answer(410);

    assertPublished(done);
    assertThat(sessions.size()).isZero();
  }

  @Test
  void aFrontEndThatDidNotHearIsToldAgain() throws Exception {
    Sessions sessions = new Sessions(Ticker.SYSTEM, LONG);
    UUID id = session(sessions, "http://one");
    Publisher publisher = publisher(sessions);
    CompletableFuture<Boolean> done = publisher.publishLater(List.of(row("Tux", 90, 2)));
    next().reply().completeExceptionally(new IOException("connection reset"));
    next().answer(500);
    Told third = next();
    assertThat(third.session()).isEqualTo(id);
    assertThat(done).isNotDone();
    third.answer(200);

    assertPublished(done);
    assertThat(sessions.size()).isEqualTo(1);
  }

  @Test
  void aHungFrontEndDelaysAChangeByOneLeaseAndTheNextOneNotAtAll() throws Exception {
    Duration lease = Duration.ofMillis(300);
    Sessions sessions = new Sessions(Ticker.SYSTEM, lease);
    Publisher publisher = publisher(sessions);
    long begun = System.nanoTime();
    session(sessions, "http://hung");
    CompletableFuture<Boolean> done = publisher.publishLater(List.of(row("Tux", 90, 2)));
    next();

    assertPublished(done);
    assertThat(Duration.ofNanos(System.nanoTime() - begun)).isGreaterThanOrEqualTo(lease);
    assertShown(publisher, 2, true);
    told.clear();
    assertPublished(publisher.publishLater(List.of(row("Tux", 80, 3))));
    assertThat(told).isEmpty();
  }

  @Test
  void aFrontEndThatFailsUntilItsLeaseEndsIsNoReasonToFailTheChange() throws Exception {
    HandClock clock = new HandClock();
    Sessions sessions = new Sessions(clock, Duration.ofMillis(500));
    session(sessions, "http://one");
    Publisher publisher = publisher(sessions);
    CompletableFuture<Boolean> done = publisher.publishLater(List.of(row("Tux", 90, 2)));
    Told first = next();
    assertShown(publisher, 1, false);
    clock.pass(Duration.ofSeconds(2));
    first.reply().completeExceptionally(new IOException("connection reset"));

    assertPublished(done);
    assertShown(publisher, 2, true);
    assertThat(told).as("nobody is called after the lease").isEmpty();
  }

  @Test
  void aCatalogThatIsDeposedMeanwhileStillWaitsForTheCachesOfItsTime() throws Exception {
    HandClock clock = new HandClock();
    Sessions sessions = new Sessions(clock, Duration.ofMillis(500));
    session(sessions, "http://one");
    Publisher publisher = publisher(sessions);
    CompletableFuture<Boolean> done = publisher.publishLater(List.of(row("Tux", 90, 2)));
    Told message = next();
    sessions.endAll();
    message.reply().completeExceptionally(new IOException("connection reset"));
    Told again = next();
    assertThat(done).isNotDone();
    again.answer(200);

    await().untilAsserted(() -> assertThat(done).isDone());
  }

  @Test
  void anOlderChangeNeverReplacesANewerOne() {
    Publisher publisher = publisher(new Sessions(Ticker.SYSTEM, LONG));
    assertPublished(publisher.publishLater(List.of(row("Tux", 80, 3))));
    assertPublished(publisher.publishLater(List.of(row("Tux", 90, 2))));

    assertShown(publisher, 3, true);
  }
}
