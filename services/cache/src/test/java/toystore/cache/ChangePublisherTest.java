package toystore.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.github.benmanes.caffeine.cache.Ticker;
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
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import toystore.config.BatchSettings;
import toystore.protocol.api.Price;
import toystore.protocol.api.Product;
import toystore.protocol.api.Uuids;
import toystore.protocol.message.CacheLeaseMessages;
import toystore.protocol.message.MessageCodec;
import toystore.protocol.message.NodeReply;
import toystore.protocol.message.ProductReadRequest;

class ChangePublisherTest {
  private static final Duration LONG = Duration.ofMinutes(10);

  /** One message to a front end, answered when the test says so. */
  private record Told(
      String url, UUID session, Set<String> names, CompletableFuture<NodeReply> reply) {
    void answer(int status) {
      reply.complete(new NodeReply(status, new byte[0], null));
    }
  }

  private final LinkedBlockingQueue<Told> told = new LinkedBlockingQueue<>();
  private @Nullable ChangePublisher open;

  private CompletableFuture<NodeReply> tell(String url, byte @Nullable [] body, Duration timeout) {
    if (!timeout.isPositive()) {
      throw new IllegalArgumentException("a call may not take " + timeout);
    }
    try {
      CacheLeaseMessages.Invalidation message =
          MessageCodec.fromCbor(
              Objects.requireNonNull(body), CacheLeaseMessages.Invalidation.class);
      Told mine =
          new Told(url, message.session(), Set.copyOf(message.names()), new CompletableFuture<>());
      told.add(mine);
      return mine.reply();
    } catch (IOException e) {
      throw new AssertionError("not an invalidation", e);
    }
  }

  private ChangePublisher publisher(CacheSessions sessions) {
    ChangePublisher publisher =
        new ChangePublisher(
            this::tell, sessions, new BatchSettings(16, 64), new SimpleMeterRegistry());
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

  private static Product.Versioned row(String name, long quantity, long version) {
    return new Product.Versioned(new Product(name, new Price(1599), quantity), version);
  }

  private static CacheSessions sessions(Ticker ticker, Duration lease) {
    CacheSessions sessions = new CacheSessions(ticker, lease);
    sessions.open();
    return sessions;
  }

  /** Announces at once, and publishes as soon as that may be. */
  private static CompletableFuture<Boolean> publishLater(
      ChangePublisher publisher, Product.Versioned... products) {
    ChangePublisher.Announcement announced =
        announce(publisher, Stream.of(products).map(p -> p.product().name()).toList());
    return publishLater(announced, products);
  }

  /** Like it, during a round: that the change waits for the next one is sure on return. */
  private static CompletableFuture<Boolean> publishNext(
      ChangePublisher publisher, Product.Versioned product) {
    ChangePublisher.Announcement announced = publisher.announce(List.of(product.product().name()));
    announced.invalidate();
    return publishLater(announced, product);
  }

  /** Announces, and tells caches meanwhile. */
  private static ChangePublisher.Announcement announce(
      ChangePublisher publisher, List<String> names) {
    ChangePublisher.Announcement announced = publisher.announce(names);
    Thread.ofVirtual().start(announced::invalidate);
    return announced;
  }

  private static CompletableFuture<Boolean> publishLater(
      ChangePublisher.Announcement announced, Product.Versioned... products) {
    CompletableFuture<Boolean> done = new CompletableFuture<>();
    Thread.ofVirtual()
        .start(
            () -> {
              try {
                try (announced) {
                  announced.publish(List.of(products), LONG);
                }
                // Not before the announcement has ended: until then nothing is cacheable.
                done.complete(true);
              } catch (Exception e) {
                done.completeExceptionally(e);
              }
            });
    return done;
  }

  private static UUID session(CacheSessions sessions, String url) {
    UUID id = Uuids.fresh();
    assertThat(sessions.renew(new CacheLeaseMessages.Renewal(id, url, null)).lengthMs())
        .isPositive();
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

  private static void assertShown(ChangePublisher publisher, long version, boolean cacheable) {
    ProductReadRequest.Answer answer = publisher.read("Tux");
    assertThat(Objects.requireNonNull(answer.product()).version()).isEqualTo(version);
    assertThat(answer.cacheable()).isEqualTo(cacheable);
  }

  @Test
  @DisplayName("Without caches a change is shown at once")
  void withoutCachesAChangeIsShownAtOnce() {
    ChangePublisher publisher = publisher(sessions(Ticker.systemTicker(), LONG));

    assertPublished(publishLater(publisher, row("Tux", 90, 2)));
    assertShown(publisher, 2, true);
    assertThat(publisher.products())
        .extracting(p -> p.product().name())
        .containsExactly("Tux", "Fox");
    assertThat(publisher.read("Whale")).isEqualTo(new ProductReadRequest.Answer(null, true));
  }

  @Test
  @DisplayName("Readers see the old state until the last cache has forgotten it")
  void readersSeeTheOldStateUntilTheLastCacheHasForgottenIt() throws Exception {
    CacheSessions sessions = sessions(Ticker.systemTicker(), LONG);
    UUID one = session(sessions, "http://one");
    UUID two = session(sessions, "http://two");
    ChangePublisher publisher = publisher(sessions);
    CompletableFuture<Boolean> done = publishLater(publisher, row("Tux", 90, 2));
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
  @DisplayName("Changes that arrive meanwhile are told in one message as they are then")
  void changesThatArriveMeanwhileAreToldInOneMessageAsTheyAreThen() throws Exception {
    CacheSessions sessions = sessions(Ticker.systemTicker(), LONG);
    session(sessions, "http://one");
    ChangePublisher publisher = publisher(sessions);
    CompletableFuture<Boolean> first = publishLater(publisher, row("Tux", 90, 2));
    Told round = next();
    CompletableFuture<Boolean> third = publishNext(publisher, row("Tux", 70, 4));
    CompletableFuture<Boolean> second = publishNext(publisher, row("Tux", 80, 3));
    CompletableFuture<Boolean> fox = publishNext(publisher, row("Fox", 99, 2));
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
  @DisplayName("Caches are not told again of what readers see")
  void cachesAreNotToldAgainOfWhatReadersSee() throws Exception {
    CacheSessions sessions = sessions(Ticker.systemTicker(), LONG);
    session(sessions, "http://one");
    ChangePublisher publisher = publisher(sessions);

    publisher.publish(List.of(row("Tux", 100, 1)), LONG);
    publisher.publish(List.of(), LONG);
    assertThat(told).isEmpty();
  }

  @Test
  @DisplayName("An answer that speaks of a change under way waits for it")
  void anAnswerThatSpeaksOfAChangeUnderWayWaitsForIt() throws Exception {
    CacheSessions sessions = sessions(Ticker.systemTicker(), LONG);
    session(sessions, "http://one");
    ChangePublisher publisher = publisher(sessions);
    publishLater(publisher, row("Tux", 90, 2));
    Told round = next();
    CompletableFuture<Boolean> repeated = publishLater(publisher, row("Tux", 90, 2));
    assertThat(repeated).isNotDone();
    round.answer(200);

    // Caches are told again only if it asked before readers saw the change.
    await()
        .until(
            () -> {
              Told again = told.poll();
              if (again != null) {
                again.answer(200);
              }
              return repeated.isDone();
            });
    assertPublished(repeated);
  }

  @Test
  @DisplayName("A front end that dropped its session is not waited for")
  void aFrontEndThatDroppedItsSessionIsNotWaitedFor() throws Exception {
    CacheSessions sessions = sessions(Ticker.systemTicker(), LONG);
    session(sessions, "http://one");
    ChangePublisher publisher = publisher(sessions);
    CompletableFuture<Boolean> done = publishLater(publisher, row("Tux", 90, 2));
    next().answer(410);

    assertPublished(done);
    assertThat(sessions.size()).isZero();
  }

  @Test
  @DisplayName("A front end that did not hear is told again")
  void aFrontEndThatDidNotHearIsToldAgain() throws Exception {
    CacheSessions sessions = sessions(Ticker.systemTicker(), LONG);
    UUID id = session(sessions, "http://one");
    ChangePublisher publisher = publisher(sessions);
    CompletableFuture<Boolean> done = publishLater(publisher, row("Tux", 90, 2));
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
  @DisplayName("A hung front end delays a change by one lease and the next one not at all")
  void aHungFrontEndDelaysAChangeByOneLeaseAndTheNextOneNotAtAll() throws Exception {
    Duration lease = Duration.ofMillis(300);
    CacheSessions sessions = sessions(Ticker.systemTicker(), lease);
    ChangePublisher publisher = publisher(sessions);
    long begun = System.nanoTime();
    session(sessions, "http://hung");
    CompletableFuture<Boolean> done = publishLater(publisher, row("Tux", 90, 2));
    next();

    assertPublished(done);
    assertThat(Duration.ofNanos(System.nanoTime() - begun)).isGreaterThanOrEqualTo(lease);
    assertShown(publisher, 2, true);
    told.clear();
    assertPublished(publishLater(publisher, row("Tux", 80, 3)));
    assertThat(told).isEmpty();
  }

  @Test
  @DisplayName("A front end that fails until its lease ends is no reason to fail the change")
  void aFrontEndThatFailsUntilItsLeaseEndsIsNoReasonToFailTheChange() throws Exception {
    ManualTicker clock = new ManualTicker();
    CacheSessions sessions = sessions(clock, Duration.ofMillis(500));
    session(sessions, "http://one");
    ChangePublisher publisher = publisher(sessions);
    CompletableFuture<Boolean> done = publishLater(publisher, row("Tux", 90, 2));
    Told first = next();
    assertShown(publisher, 1, false);
    clock.pass(Duration.ofSeconds(2));
    first.reply().completeExceptionally(new IOException("connection reset"));

    assertPublished(done);
    assertShown(publisher, 2, true);
    assertThat(told).as("nobody is called after the lease").isEmpty();
  }

  @Test
  @DisplayName("A catalog that is deposed meanwhile still waits for the caches of its time")
  void deposedCatalogStillWaitsForItsCaches() throws Exception {
    ManualTicker clock = new ManualTicker();
    CacheSessions sessions = sessions(clock, Duration.ofMillis(500));
    session(sessions, "http://one");
    ChangePublisher publisher = publisher(sessions);
    CompletableFuture<Boolean> done = publishLater(publisher, row("Tux", 90, 2));
    Told message = next();
    sessions.close();
    message.reply().completeExceptionally(new IOException("connection reset"));
    Told again = next();
    assertThat(done).isNotDone();
    again.answer(200);

    await().untilAsserted(() -> assertThat(done).isDone());
  }

  @Test
  @DisplayName("An older change never replaces a newer one")
  void anOlderChangeNeverReplacesANewerOne() {
    ChangePublisher publisher = publisher(sessions(Ticker.systemTicker(), LONG));
    assertPublished(publishLater(publisher, row("Tux", 80, 3)));
    assertPublished(publishLater(publisher, row("Tux", 90, 2)));

    assertShown(publisher, 3, true);
  }

  @Test
  @DisplayName("Caches are told while the change becomes durable and it is shown after both")
  void changeIsShownOnceDurableAndInvalidated() throws Exception {
    CacheSessions sessions = sessions(Ticker.systemTicker(), LONG);
    session(sessions, "http://one");
    ChangePublisher publisher = publisher(sessions);
    ChangePublisher.Announcement announced = announce(publisher, List.of("Tux"));
    Told message = next();
    assertShown(publisher, 1, false);
    message.answer(200);
    // The next round begins only after this one.
    ChangePublisher.Announcement fox = announce(publisher, List.of("Fox"));
    next().answer(200);
    assertShown(publisher, 1, false);

    assertPublished(publishLater(announced, row("Tux", 90, 2)));
    assertShown(publisher, 2, true);
    assertThat(publisher.read("Fox").cacheable()).isFalse();
    fox.close();
    assertThat(told).isEmpty();
  }

  @Test
  @DisplayName("A durable change is not shown before caches have forgotten")
  void aDurableChangeIsNotShownBeforeCachesHaveForgotten() throws Exception {
    CacheSessions sessions = sessions(Ticker.systemTicker(), LONG);
    session(sessions, "http://one");
    ChangePublisher publisher = publisher(sessions);
    try (ChangePublisher.Announcement announced = announce(publisher, List.of("Tux"))) {
      Told message = next();
      assertThatThrownBy(() -> announced.publish(List.of(row("Tux", 90, 2)), Duration.ofMillis(50)))
          .isInstanceOf(TimeoutException.class);
      assertShown(publisher, 1, false);
      message.answer(200);

      announced.publish(List.of(row("Tux", 90, 2)), LONG);
      assertShown(publisher, 2, true);
    }
  }

  @Test
  @DisplayName("What nothing is known to have come of is not shown and may be cached again")
  void whatNothingIsKnownToHaveComeOfIsNotShownAndMayBeCachedAgain() throws Exception {
    CacheSessions sessions = sessions(Ticker.systemTicker(), LONG);
    session(sessions, "http://one");
    ChangePublisher publisher = publisher(sessions);
    ChangePublisher.Announcement announced = announce(publisher, List.of("Tux"));
    Told message = next();
    announced.close();
    assertShown(publisher, 1, true);
    message.answer(200);

    CompletableFuture<Boolean> late = publishLater(publisher, row("Tux", 80, 3));
    next().answer(200);
    assertPublished(late);
    assertShown(publisher, 3, true);
  }

  @Test
  @DisplayName("Caches are not told of what ended before its turn")
  void cachesAreNotToldOfWhatEndedBeforeItsTurn() throws Exception {
    CacheSessions sessions = sessions(Ticker.systemTicker(), LONG);
    session(sessions, "http://one");
    ChangePublisher publisher = publisher(sessions);
    CompletableFuture<Boolean> done = publishLater(publisher, row("Tux", 90, 2));
    Told round = next();
    try (ChangePublisher.Announcement fox = publisher.announce(List.of("Fox"))) {
      fox.invalidate();
    }
    round.answer(200);
    assertPublished(done);
    CompletableFuture<Boolean> after = publishLater(publisher, row("Tux", 80, 3));

    Told second = next();
    assertThat(second.names()).containsExactly("Tux");
    second.answer(200);
    assertPublished(after);
  }

  @Test
  @DisplayName("Of what was not announced caches are told before it is shown")
  void ofWhatWasNotAnnouncedCachesAreToldBeforeItIsShown() throws Exception {
    CacheSessions sessions = sessions(Ticker.systemTicker(), LONG);
    session(sessions, "http://one");
    ChangePublisher publisher = publisher(sessions);
    ChangePublisher.Announcement announced = announce(publisher, List.of("Fox"));
    next().answer(200);
    CompletableFuture<Boolean> done = publishLater(announced, row("Tux", 90, 2), row("Fox", 99, 2));

    Told late = next();
    assertThat(late.names()).containsExactly("Tux");
    assertShown(publisher, 1, false);
    assertThat(done).isNotDone();
    late.answer(200);
    assertPublished(done);
    assertShown(publisher, 2, true);
    assertThat(publisher.read("Fox"))
        .isEqualTo(new ProductReadRequest.Answer(row("Fox", 99, 2), true));
  }

  @Test
  @DisplayName("A product is cacheable again only when the last of its changes has ended")
  void aProductIsCacheableAgainOnlyWhenTheLastOfItsChangesHasEnded() {
    ChangePublisher publisher = publisher(sessions(Ticker.systemTicker(), LONG));
    ChangePublisher.Announcement first = announce(publisher, List.of("Tux"));
    ChangePublisher.Announcement second = announce(publisher, List.of("Tux", "Fox"));
    assertPublished(publishLater(second, row("Tux", 90, 2)));
    assertShown(publisher, 2, false);
    assertThat(publisher.read("Fox").cacheable()).isTrue();
    first.close();
    first.close();

    assertShown(publisher, 2, true);
  }

  @Test
  @DisplayName("A publisher that is closed fails what it has not told")
  void aPublisherThatIsClosedFailsWhatItHasNotTold() throws Exception {
    CacheSessions sessions = sessions(Ticker.systemTicker(), LONG);
    session(sessions, "http://one");
    ChangePublisher publisher = publisher(sessions);
    CompletableFuture<Boolean> first = publishLater(publisher, row("Tux", 90, 2));
    Told round = next();
    CompletableFuture<Boolean> waiting = publishLater(publisher, row("Fox", 99, 2));
    publisher.close();

    await().untilAsserted(() -> assertThat(waiting).isCompletedExceptionally());
    assertThat(publisher.read("Fox"))
        .isEqualTo(new ProductReadRequest.Answer(row("Fox", 100, 1), true));
    round.answer(200);
    assertPublished(first);
  }
}
