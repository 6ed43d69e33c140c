package toystore.frontend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import toystore.cache.LeaseRenewer;
import toystore.cache.ProductCache;
import toystore.client.Deadline;
import toystore.config.CacheSettings;
import toystore.config.HttpSettings;
import toystore.config.Role;
import toystore.config.StoreConfig;
import toystore.config.Topology;
import toystore.node.http.NodeServer;
import toystore.node.rpc.LeaderClient;
import toystore.node.rpc.LeaderObserver;
import toystore.protocol.api.ApiException;
import toystore.protocol.api.ApiPaths;
import toystore.protocol.api.Price;
import toystore.protocol.api.Product;
import toystore.protocol.api.Uuids;
import toystore.protocol.message.CacheLeaseMessages;
import toystore.protocol.message.MessageCodec;
import toystore.protocol.message.NodeReply;
import toystore.protocol.message.NodeStatus;
import toystore.protocol.message.ProductReadRequest;

/** Product queries to a catalog that each test controls. */
class ProductReaderTest {
  private static final Duration LEASE = Duration.ofMillis(300);
  private static final Duration LONG_DEADLINE = Duration.ofSeconds(20);
  private static final Duration SHORT_DEADLINE = Duration.ofMillis(400);
  private static final UUID CATALOG = Uuids.fresh();

  private final AtomicLong clock = new AtomicLong();
  private final AtomicInteger reads = new AtomicInteger();
  private final SimpleMeterRegistry metrics = new SimpleMeterRegistry();

  /** Answers a read, given the number of earlier reads. */
  private volatile IntFunction<CompletableFuture<NodeReply>> answer = before -> silent();

  /** Whether the catalog answers renewals. */
  private volatile boolean renews = true;

  /** Whether the catalog continues the session. */
  private volatile boolean continues = true;

  private @Nullable ProductCache cache;
  private @Nullable LeaseRenewer renewer;
  private @Nullable CatalogReader openReader;

  private static CompletableFuture<NodeReply> silent() {
    return new CompletableFuture<>();
  }

  private static CompletableFuture<NodeReply> status(int status) {
    return CompletableFuture.completedFuture(new NodeReply(status, new byte[0], null));
  }

  private static CompletableFuture<NodeReply> refused() {
    return CompletableFuture.failedFuture(new IOException("connection refused"));
  }

  private static CompletableFuture<NodeReply> message(Object body) {
    return CompletableFuture.completedFuture(new NodeReply(200, MessageCodec.toCbor(body), null));
  }

  private static Product.Versioned product(String name, long version) {
    return new Product.Versioned(new Product(name, new Price(1599), 100), version);
  }

  private static CompletableFuture<NodeReply> found(long version, boolean cacheable) {
    return message(
        new ProductReadRequest.Answers(
            List.of(new ProductReadRequest.Answer(product("Tux", version), cacheable))));
  }

  private CompletableFuture<NodeReply> catalog(
      String url, byte @Nullable [] body, Duration timeout) {
    if (url.endsWith(ApiPaths.LEASE)) {
      return renews
          ? message(
              new CacheLeaseMessages.Grant(continues ? LEASE.toMillis() : 0, continues, CATALOG))
          : refused();
    }
    return url.endsWith(ApiPaths.PRODUCT_READS) ? answer.apply(reads.getAndIncrement()) : refused();
  }

  private static StoreConfig config(Duration deadline, boolean serveStale) {
    StoreConfig shipped = StoreConfig.load(null);
    return new StoreConfig(
        shipped.cluster(),
        shipped.topology(),
        shipped.frontends(),
        new HttpSettings(deadline, 65_536),
        shipped.batch(),
        new CacheSettings(true, 2, LEASE, Duration.ZERO, serveStale),
        shipped.catalog(),
        shipped.storage(),
        shipped.raft(),
        shipped.jvm());
  }

  private ProductReader reader(StoreConfig config) {
    LeaderClient leader =
        new LeaderClient(this::catalog, config, config.nodes(Role.CATALOG), LeaderObserver.NONE);
    ProductCache made = ProductCache.create(config.cache(), clock::get, metrics);
    cache = made;
    renewer = new LeaseRenewer(made, leader, "http://front", LEASE);
    await().until(made::leaseValid);
    StaleProducts staleProducts =
        config.cache().serveStale()
            ? new StaleProducts(made, config.cache(), clock::get, metrics)
            : null;
    CatalogReader catalogReader = new CatalogReader(leader, config, metrics);
    ProductReader reader =
        new ProductReader(made, staleProducts, catalogReader, config, clock::get);
    openReader = catalogReader;
    return reader;
  }

  @AfterEach
  void close() {
    if (renewer != null) {
      renewer.close();
    }
    if (openReader != null) {
      openReader.close();
    }
  }

  /** Stops the catalog and lets the lease expire. */
  private void stopCatalogFor(Duration time) {
    renews = false;
    answer = before -> refused();
    clock.addAndGet(time.toNanos());
    await()
        .untilAsserted(
            () -> {
              // A grant in transit may arrive after the clock was advanced.
              assertThat(cache).isNotNull().returns(false, ProductCache::leaseValid);
            });
  }

  private static void assertFresh(ProductReader.Found found, long version) {
    assertThat(found).isEqualTo(new ProductReader.Found(product("Tux", version), null));
  }

  private static void assertOld(ProductReader.Found found, long version, Duration age) {
    assertThat(found).isEqualTo(new ProductReader.Found(product("Tux", version), age));
  }

  private void assertUnavailable(ProductReader reader, String name) {
    assertThatThrownBy(() -> reader.product(name))
        .isInstanceOfSatisfying(ApiException.class, e -> assertThat(e.status()).isEqualTo(503));
  }

  @Test
  @DisplayName("A query waits for a catalog that is being restarted")
  void aQueryWaitsForACatalogThatIsBeingRestarted() throws Exception {
    ProductReader reader = reader(config(LONG_DEADLINE, false));
    answer =
        before ->
            switch (before) {
              case 0, 1, 2, 3 -> refused();
              case 4 -> status(503);
              case 5 -> status(421);
              default -> found(7, true);
            };

    assertFresh(reader.product("Tux"), 7);
    assertThat(reads).hasValue(7);
    assertFresh(reader.product("Tux"), 7);
    assertThat(reads).as("cached").hasValue(7);
  }

  @Test
  @DisplayName("A query is answered with 503 at its deadline")
  void aQueryIsAnsweredWith503AtItsDeadline() {
    ProductReader reader = reader(config(SHORT_DEADLINE, false));
    for (CompletableFuture<NodeReply> reply : List.of(refused(), status(503), silent())) {
      answer = before -> reply.copy();
      long begun = System.nanoTime();

      assertUnavailable(reader, "Tux");
      assertThat(Duration.ofNanos(System.nanoTime() - begun))
          .isBetween(SHORT_DEADLINE.minusMillis(10), Duration.ofSeconds(5));
    }
  }

  @Test
  @DisplayName("By default, old states are never shown")
  void byDefaultOldStatesAreNeverShown() throws Exception {
    ProductReader reader = reader(config(SHORT_DEADLINE, false));
    answer = before -> found(7, true);
    assertFresh(reader.product("Tux"), 7);
    stopCatalogFor(LEASE);

    assertUnavailable(reader, "Tux");
  }

  @Test
  @DisplayName("With serve-stale, old states are shown with their age")
  void withServeStaleOldStatesAreShownWithTheirAge() throws Exception {
    ProductReader reader = reader(config(LONG_DEADLINE, true));
    answer = before -> found(7, true);
    assertFresh(reader.product("Tux"), 7);
    clock.addAndGet(1_000_000);
    assertFresh(reader.product("Tux"), 7);
    stopCatalogFor(Duration.ofMillis(61_900));

    assertOld(reader.product("Tux"), 7, Duration.ofMillis(61_900));
    AtomicInteger hanging = new AtomicInteger();
    answer =
        before -> {
          hanging.incrementAndGet();
          return silent();
        };
    // The call of the first query is still being retried. From here on it hangs.
    await().until(() -> hanging.get() == 1);
    assertOld(reader.product("Tux"), 7, Duration.ofMillis(61_900));
    assertThat(hanging)
        .as("while the catalog counts as down, it is not asked for each query")
        .hasValue(1);
    assertThat(metrics.counter("toystore.stale.reads").count()).isEqualTo(2);
  }

  @Test
  @DisplayName("A state that was not cacheable is remembered too")
  void aStateThatWasNotCacheableIsRememberedToo() throws Exception {
    ProductReader reader = reader(config(LONG_DEADLINE, true));
    answer = before -> found(7, false);
    assertFresh(reader.product("Tux"), 7);
    stopCatalogFor(LEASE);

    assertOld(reader.product("Tux"), 7, LEASE);
  }

  @Test
  @DisplayName("The known states outlive the cache session")
  void statesOutliveTheCacheSession() throws Exception {
    ProductReader reader = reader(config(LONG_DEADLINE, true));
    answer = before -> found(7, true);
    assertFresh(reader.product("Tux"), 7);
    continues = false;
    await().until(() -> cache != null && cache.get("Tux") == null);
    stopCatalogFor(LEASE);

    assertOld(reader.product("Tux"), 7, LEASE);
  }

  @Test
  @DisplayName("A query waits for the catalog while the lease is valid")
  void aQueryWaitsForTheCatalogWhileTheLeaseIsValid() throws Exception {
    ProductReader reader = reader(config(LONG_DEADLINE, true));
    answer = before -> found(7, false);
    assertFresh(reader.product("Tux"), 7);
    answer =
        before ->
            found(8, true)
                .thenApplyAsync(
                    reply -> reply,
                    CompletableFuture.delayedExecutor(LEASE.toMillis(), TimeUnit.MILLISECONDS));

    assertFresh(reader.product("Tux"), 8);
  }

  @Test
  @DisplayName("Answers are fresh once the lease is valid again")
  void answersAreFreshOnceTheLeaseIsValidAgain() throws Exception {
    ProductReader reader = reader(config(LONG_DEADLINE, true));
    answer = before -> found(7, true);
    assertFresh(reader.product("Tux"), 7);
    stopCatalogFor(LEASE);
    assertOld(reader.product("Tux"), 7, LEASE);
    answer = before -> found(8, true);
    renews = true;
    await().until(() -> cache != null && cache.leaseValid());

    // The session was continued, so the cached state is the published one.
    assertFresh(reader.product("Tux"), 7);
  }

  @Test
  @DisplayName("A query waits if no state of the product is known")
  void aQueryWaitsIfNoStateIsKnown() throws Exception {
    ProductReader reader = reader(config(SHORT_DEADLINE, true));
    answer = before -> found(7, true);
    assertFresh(reader.product("Tux"), 7);
    stopCatalogFor(LEASE);
    assertOld(reader.product("Tux"), 7, LEASE);

    assertUnavailable(reader, "Fox");
  }

  @Test
  @DisplayName("As many states are remembered as the cache holds products")
  void asManyStatesAreRememberedAsTheCacheHolds() {
    CacheSettings settings = config(SHORT_DEADLINE, true).cache();
    ProductCache empty = ProductCache.create(settings, clock::get, metrics);
    StaleProducts staleProducts = new StaleProducts(empty, settings, clock::get, metrics);
    for (int i = 0; i < 10; i++) {
      staleProducts.record(product("p" + i, 1), 0);
    }

    assertThat(staleProducts.size()).isEqualTo(settings.size());
  }

  @Test
  @DisplayName("If two answers arrive in reverse order, the later state is remembered")
  void ofTwoReorderedAnswersTheLaterStateIsRemembered() throws Exception {
    CacheSettings settings = config(SHORT_DEADLINE, true).cache();
    ProductCache empty = ProductCache.create(settings, clock::get, metrics);
    StaleProducts staleProducts = new StaleProducts(empty, settings, clock::get, metrics);
    staleProducts.record(product("Tux", 8), 0);
    staleProducts.record(product("Tux", 7), 5);

    assertThat(staleProducts.ifUnanswered(refused(), "Tux", Deadline.in(Duration.ofSeconds(5))))
        .isEqualTo(new StaleProducts.Stale(product("Tux", 8), Duration.ZERO));
  }

  @Test
  @DisplayName("Only an old answer has an Age header, in whole seconds")
  void onlyAnOldAnswerHasAnAgeHeader() throws Exception {
    StoreConfig config = onFreePorts(config(LONG_DEADLINE, true));
    ProductReader reader = reader(config);
    FrontendRoutes routes =
        new FrontendRoutes(
            reader,
            new PurchaseRoute(
                new PurchaseForwarder(
                    new LeaderClient(
                        this::catalog, config, config.nodes(Role.ORDER), LeaderObserver.NONE),
                    config,
                    metrics),
                65_536),
            new OrderReader(this::catalog, config),
            cache,
            new RequestMetrics(metrics));
    Topology.Node self = config.node("frontend");
    try (NodeServer server =
            NodeServer.start(
                config,
                self,
                routes.routes(),
                new PrometheusMeterRegistry(PrometheusConfig.DEFAULT),
                ProductReaderTest::noStatus);
        HttpClient client = HttpClient.newHttpClient()) {
      assertThat(server).isNotNull();
      HttpRequest get =
          HttpRequest.newBuilder(URI.create(config.url(self) + "/products/Tux")).build();
      answer = before -> found(7, true);
      HttpResponse<String> fresh = client.send(get, HttpResponse.BodyHandlers.ofString());
      stopCatalogFor(Duration.ofMillis(61_900));
      HttpResponse<String> old = client.send(get, HttpResponse.BodyHandlers.ofString());

      assertThat(fresh.headers().firstValue("Age")).isEmpty();
      assertThat(old.statusCode()).isEqualTo(200);
      assertThat(old.headers().firstValue("Age")).hasValue("61");
      assertThat(old.headers().firstValue("ETag")).hasValue("\"7\"");
      assertThat(old.body()).isEqualTo(fresh.body());
    }
  }

  private static NodeStatus noStatus() {
    throw new IllegalStateException("no test requests the status");
  }

  private static StoreConfig onFreePorts(StoreConfig config) throws IOException {
    Random random = new Random();
    for (int i = 0; i < 1000; i++) {
      StoreConfig candidate = config.withPortBase(20_000 + random.nextInt(10_000));
      Topology.Node self = candidate.node("frontend");
      if (isFree(candidate.httpPort(self)) && isFree(candidate.observePort(self))) {
        return candidate;
      }
    }
    throw new IOException("found no free ports");
  }

  private static boolean isFree(int port) {
    try (ServerSocket socket = new ServerSocket()) {
      socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      return true;
    } catch (IOException e) {
      return false;
    }
  }
}
