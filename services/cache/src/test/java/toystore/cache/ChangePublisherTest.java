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

  /** An invalidation that was sent to a front end. The test answers it. */
  private record SentInvalidation(
      String url, UUID session, Set<String> names, CompletableFuture<NodeReply> reply) {
    void answer(int status) {
      reply.complete(new NodeReply(status, new byte[0], null));
    }
  }

  private final LinkedBlockingQueue<SentInvalidation> sentInvalidations =
      new LinkedBlockingQueue<>();
  private @Nullable ChangePublisher openPublisher;

  private CompletableFuture<NodeReply> receive(
      String url, byte @Nullable [] body, Duration timeout) {
    if (!timeout.isPositive()) {
      throw new IllegalArgumentException("invalid timeout: " + timeout);
    }
    try {
      CacheLeaseMessages.Invalidation message =
          MessageCodec.fromCbor(
              Objects.requireNonNull(body), CacheLeaseMessages.Invalidation.class);
      SentInvalidation sent =
          new SentInvalidation(
              url, message.session(), Set.copyOf(message.names()), new CompletableFuture<>());
      sentInvalidations.add(sent);
      return sent.reply();
    } catch (IOException e) {
      throw new AssertionError("not an invalidation", e);
    }
  }

  private ChangePublisher publisher(CacheSessions sessions) {
    ChangePublisher publisher =
        new ChangePublisher(
            this::receive, sessions, new BatchSettings(16, 64), new SimpleMeterRegistry());
    publisher.publishAtOnce(List.of(product("Tux", 100, 1), product("Fox", 100, 1)));
    openPublisher = publisher;
    return publisher;
  }

  @AfterEach
  void close() {
    if (openPublisher != null) {
      openPublisher.close();
    }
  }

  private static Product.Versioned product(String name, long quantity, long version) {
    return new Product.Versioned(new Product(name, new Price(1599), quantity), version);
  }

  private static CacheSessions sessions(Ticker ticker, Duration lease) {
    CacheSessions sessions = new CacheSessions(ticker, lease);
    sessions.open();
    return sessions;
  }

  /** Announces a change at once, and publishes it as soon as possible. */
  private static CompletableFuture<Boolean> publishLater(
      ChangePublisher publisher, Product.Versioned... products) {
    ChangePublisher.Announcement announced =
        announce(publisher, Stream.of(products).map(p -> p.product().name()).toList());
    return publishLater(announced, products);
  }

  /** Like {@link #publishLater} during a round. On return, the change waits for the next round. */
  private static CompletableFuture<Boolean> publishNext(
      ChangePublisher publisher, Product.Versioned product) {
    ChangePublisher.Announcement announced = publisher.announce(List.of(product.product().name()));
    announced.invalidate();
    return publishLater(announced, product);
  }

  /** Announces a change, and starts its invalidation in another thread. */
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
                // Complete only after the announcement has ended: until then the product is not
                // cacheable.
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

  private SentInvalidation next() throws InterruptedException {
    SentInvalidation message = sentInvalidations.poll(10, TimeUnit.SECONDS);
    assertThat(message).as("an invalidation").isNotNull();
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
  @DisplayName("Without cache sessions a change is published at once")
  void withoutSessionsAChangeIsPublishedAtOnce() {
    ChangePublisher publisher = publisher(sessions(Ticker.systemTicker(), LONG));

    assertPublished(publishLater(publisher, product("Tux", 90, 2)));
    assertShown(publisher, 2, true);
    assertThat(publisher.products())
        .extracting(p -> p.product().name())
        .containsExactly("Tux", "Fox");
    assertThat(publisher.read("Whale")).isEqualTo(new ProductReadRequest.Answer(null, true));
  }

  @Test
  @DisplayName("Readers see the old state until the last cache has acknowledged")
  void readersSeeTheOldStateUntilAllAcknowledge() throws Exception {
    CacheSessions sessions = sessions(Ticker.systemTicker(), LONG);
    UUID one = session(sessions, "http://one");
    UUID two = session(sessions, "http://two");
    ChangePublisher publisher = publisher(sessions);
    CompletableFuture<Boolean> done = publishLater(publisher, product("Tux", 90, 2));
    SentInvalidation first = next();
    SentInvalidation second = next();

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
  @DisplayName("Changes that are announced during a round share the message of the next round")
  void changesDuringARoundShareTheNextOne() throws Exception {
    CacheSessions sessions = sessions(Ticker.systemTicker(), LONG);
    session(sessions, "http://one");
    ChangePublisher publisher = publisher(sessions);
    CompletableFuture<Boolean> first = publishLater(publisher, product("Tux", 90, 2));
    SentInvalidation round = next();
    CompletableFuture<Boolean> third = publishNext(publisher, product("Tux", 70, 4));
    CompletableFuture<Boolean> second = publishNext(publisher, product("Tux", 80, 3));
    CompletableFuture<Boolean> fox = publishNext(publisher, product("Fox", 99, 2));
    round.answer(200);
    assertPublished(first);

    SentInvalidation together = next();
    assertThat(together.names()).containsExactlyInAnyOrder("Tux", "Fox");
    assertThat(second).isNotDone();
    assertShown(publisher, 2, false);
    together.answer(200);
    assertPublished(third);
    assertPublished(second);
    assertPublished(fox);
    assertShown(publisher, 4, true);
    assertThat(sentInvalidations).isEmpty();
  }

  @Test
  @DisplayName("Products that readers already see need no invalidation")
  void publishedProductsNeedNoInvalidation() throws Exception {
    CacheSessions sessions = sessions(Ticker.systemTicker(), LONG);
    session(sessions, "http://one");
    ChangePublisher publisher = publisher(sessions);

    publisher.publish(List.of(product("Tux", 100, 1)), LONG);
    publisher.publish(List.of(), LONG);
    assertThat(sentInvalidations).isEmpty();
  }

  @Test
  @DisplayName("An answer that describes a pending change waits until it is published")
  void anAnswerAboutAPendingChangeWaitsForIt() throws Exception {
    CacheSessions sessions = sessions(Ticker.systemTicker(), LONG);
    session(sessions, "http://one");
    ChangePublisher publisher = publisher(sessions);
    publishLater(publisher, product("Tux", 90, 2));
    SentInvalidation round = next();
    CompletableFuture<Boolean> repeated = publishLater(publisher, product("Tux", 90, 2));
    assertThat(repeated).isNotDone();
    round.answer(200);

    // A second invalidation is sent only if the repeated change was announced before the first one
    // was published.
    await()
        .until(
            () -> {
              SentInvalidation again = sentInvalidations.poll();
              if (again != null) {
                again.answer(200);
              }
              return repeated.isDone();
            });
    assertPublished(repeated);
  }

  @Test
  @DisplayName("A change does not wait for a front end that has dropped its session")
  void noChangeWaitsForADroppedSession() throws Exception {
    CacheSessions sessions = sessions(Ticker.systemTicker(), LONG);
    session(sessions, "http://one");
    ChangePublisher publisher = publisher(sessions);
    CompletableFuture<Boolean> done = publishLater(publisher, product("Tux", 90, 2));
    next().answer(410);

    assertPublished(done);
    assertThat(sessions.size()).isZero();
  }

  @Test
  @DisplayName("An invalidation that failed is retried")
  void aFailedInvalidationIsRetried() throws Exception {
    CacheSessions sessions = sessions(Ticker.systemTicker(), LONG);
    UUID id = session(sessions, "http://one");
    ChangePublisher publisher = publisher(sessions);
    CompletableFuture<Boolean> done = publishLater(publisher, product("Tux", 90, 2));
    next().reply().completeExceptionally(new IOException("connection reset"));
    next().answer(500);
    SentInvalidation third = next();
    assertThat(third.session()).isEqualTo(id);
    assertThat(done).isNotDone();
    third.answer(200);

    assertPublished(done);
    assertThat(sessions.size()).isEqualTo(1);
  }

  @Test
  @DisplayName("A hung front end delays a change by one lease, and the next change not at all")
  void aHungFrontEndDelaysOneChangeByOneLease() throws Exception {
    Duration lease = Duration.ofMillis(300);
    CacheSessions sessions = sessions(Ticker.systemTicker(), lease);
    ChangePublisher publisher = publisher(sessions);
    long begun = System.nanoTime();
    session(sessions, "http://hung");
    CompletableFuture<Boolean> done = publishLater(publisher, product("Tux", 90, 2));
    next();

    assertPublished(done);
    assertThat(Duration.ofNanos(System.nanoTime() - begun)).isGreaterThanOrEqualTo(lease);
    assertShown(publisher, 2, true);
    sentInvalidations.clear();
    assertPublished(publishLater(publisher, product("Tux", 80, 3)));
    assertThat(sentInvalidations).isEmpty();
  }

  @Test
  @DisplayName("A front end that fails until its lease expires does not make the change fail")
  void aFailingFrontEndDoesNotFailTheChange() throws Exception {
    ManualTicker clock = new ManualTicker();
    CacheSessions sessions = sessions(clock, Duration.ofMillis(500));
    session(sessions, "http://one");
    ChangePublisher publisher = publisher(sessions);
    CompletableFuture<Boolean> done = publishLater(publisher, product("Tux", 90, 2));
    SentInvalidation first = next();
    assertShown(publisher, 1, false);
    clock.pass(Duration.ofSeconds(2));
    first.reply().completeExceptionally(new IOException("connection reset"));

    assertPublished(done);
    assertShown(publisher, 2, true);
    assertThat(sentInvalidations).as("no call is made after the lease has expired").isEmpty();
  }

  @Test
  @DisplayName("A catalog that is deposed meanwhile still waits for the leases that it granted")
  void aDeposedCatalogStillWaitsForItsSessions() throws Exception {
    ManualTicker clock = new ManualTicker();
    CacheSessions sessions = sessions(clock, Duration.ofMillis(500));
    session(sessions, "http://one");
    ChangePublisher publisher = publisher(sessions);
    CompletableFuture<Boolean> done = publishLater(publisher, product("Tux", 90, 2));
    SentInvalidation message = next();
    sessions.close();
    message.reply().completeExceptionally(new IOException("connection reset"));
    SentInvalidation again = next();
    assertThat(done).isNotDone();
    again.answer(200);

    await().untilAsserted(() -> assertThat(done).isDone());
  }

  @Test
  @DisplayName("An older change never replaces a newer one")
  void anOlderChangeNeverReplacesANewerOne() {
    ChangePublisher publisher = publisher(sessions(Ticker.systemTicker(), LONG));
    assertPublished(publishLater(publisher, product("Tux", 80, 3)));
    assertPublished(publishLater(publisher, product("Tux", 90, 2)));

    assertShown(publisher, 3, true);
  }

  @Test
  @DisplayName("A change is published when it is durable and invalidated")
  void aChangeIsPublishedOnceDurableAndInvalidated() throws Exception {
    CacheSessions sessions = sessions(Ticker.systemTicker(), LONG);
    session(sessions, "http://one");
    ChangePublisher publisher = publisher(sessions);
    ChangePublisher.Announcement announced = announce(publisher, List.of("Tux"));
    SentInvalidation message = next();
    assertShown(publisher, 1, false);
    message.answer(200);
    // The next round begins only after this one has completed.
    ChangePublisher.Announcement fox = announce(publisher, List.of("Fox"));
    next().answer(200);
    assertShown(publisher, 1, false);

    assertPublished(publishLater(announced, product("Tux", 90, 2)));
    assertShown(publisher, 2, true);
    assertThat(publisher.read("Fox").cacheable()).isFalse();
    fox.close();
    assertThat(sentInvalidations).isEmpty();
  }

  @Test
  @DisplayName("A durable change is not published before all caches have acknowledged")
  void aDurableChangeWaitsForItsRound() throws Exception {
    CacheSessions sessions = sessions(Ticker.systemTicker(), LONG);
    session(sessions, "http://one");
    ChangePublisher publisher = publisher(sessions);
    try (ChangePublisher.Announcement announced = announce(publisher, List.of("Tux"))) {
      SentInvalidation message = next();
      assertThatThrownBy(
              () -> announced.publish(List.of(product("Tux", 90, 2)), Duration.ofMillis(50)))
          .isInstanceOf(TimeoutException.class);
      assertShown(publisher, 1, false);
      message.answer(200);

      announced.publish(List.of(product("Tux", 90, 2)), LONG);
      assertShown(publisher, 2, true);
    }
  }

  @Test
  @DisplayName("A change with unknown outcome is not published, and the product is cacheable again")
  void aChangeWithUnknownOutcomeIsNotPublished() throws Exception {
    CacheSessions sessions = sessions(Ticker.systemTicker(), LONG);
    session(sessions, "http://one");
    ChangePublisher publisher = publisher(sessions);
    ChangePublisher.Announcement announced = announce(publisher, List.of("Tux"));
    SentInvalidation message = next();
    announced.close();
    assertShown(publisher, 1, true);
    message.answer(200);

    CompletableFuture<Boolean> late = publishLater(publisher, product("Tux", 80, 3));
    next().answer(200);
    assertPublished(late);
    assertShown(publisher, 3, true);
  }

  @Test
  @DisplayName("A round skips changes that ended before it began")
  void aRoundSkipsChangesThatHaveEnded() throws Exception {
    CacheSessions sessions = sessions(Ticker.systemTicker(), LONG);
    session(sessions, "http://one");
    ChangePublisher publisher = publisher(sessions);
    CompletableFuture<Boolean> done = publishLater(publisher, product("Tux", 90, 2));
    SentInvalidation round = next();
    try (ChangePublisher.Announcement fox = publisher.announce(List.of("Fox"))) {
      fox.invalidate();
    }
    round.answer(200);
    assertPublished(done);
    CompletableFuture<Boolean> after = publishLater(publisher, product("Tux", 80, 3));

    SentInvalidation second = next();
    assertThat(second.names()).containsExactly("Tux");
    second.answer(200);
    assertPublished(after);
  }

  @Test
  @DisplayName("A change that was not announced is invalidated before it is published")
  void anUnannouncedChangeIsInvalidatedFirst() throws Exception {
    CacheSessions sessions = sessions(Ticker.systemTicker(), LONG);
    session(sessions, "http://one");
    ChangePublisher publisher = publisher(sessions);
    ChangePublisher.Announcement announced = announce(publisher, List.of("Fox"));
    next().answer(200);
    CompletableFuture<Boolean> done =
        publishLater(announced, product("Tux", 90, 2), product("Fox", 99, 2));

    SentInvalidation late = next();
    assertThat(late.names()).containsExactly("Tux");
    assertShown(publisher, 1, false);
    assertThat(done).isNotDone();
    late.answer(200);
    assertPublished(done);
    assertShown(publisher, 2, true);
    assertThat(publisher.read("Fox"))
        .isEqualTo(new ProductReadRequest.Answer(product("Fox", 99, 2), true));
  }

  @Test
  @DisplayName("A product is cacheable again only when the last of its changes has ended")
  void aProductIsCacheableAfterItsLastPendingChange() {
    ChangePublisher publisher = publisher(sessions(Ticker.systemTicker(), LONG));
    ChangePublisher.Announcement first = announce(publisher, List.of("Tux"));
    ChangePublisher.Announcement second = announce(publisher, List.of("Tux", "Fox"));
    assertPublished(publishLater(second, product("Tux", 90, 2)));
    assertShown(publisher, 2, false);
    assertThat(publisher.read("Fox").cacheable()).isTrue();
    first.close();
    first.close();

    assertShown(publisher, 2, true);
  }

  @Test
  @DisplayName("Closing the publisher fails the changes that wait for a round")
  void closingFailsTheChangesThatStillWait() throws Exception {
    CacheSessions sessions = sessions(Ticker.systemTicker(), LONG);
    session(sessions, "http://one");
    ChangePublisher publisher = publisher(sessions);
    CompletableFuture<Boolean> first = publishLater(publisher, product("Tux", 90, 2));
    SentInvalidation round = next();
    CompletableFuture<Boolean> waiting = publishLater(publisher, product("Fox", 99, 2));
    publisher.close();

    await().untilAsserted(() -> assertThat(waiting).isCompletedExceptionally());
    assertThat(publisher.read("Fox"))
        .isEqualTo(new ProductReadRequest.Answer(product("Fox", 100, 1), true));
    round.answer(200);
    assertPublished(first);
  }
}
