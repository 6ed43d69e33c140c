package toystore.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import toystore.config.CacheSettings;
import toystore.config.Role;
import toystore.config.StoreConfig;
import toystore.node.rpc.LeaderClient;
import toystore.node.rpc.LeaderObserver;
import toystore.protocol.api.Price;
import toystore.protocol.api.Product;
import toystore.protocol.api.Uuids;
import toystore.protocol.message.CacheLeaseMessages;
import toystore.protocol.message.MessageCodec;
import toystore.protocol.message.NodeReply;

class LeaseRenewerTest {
  private static final Duration LEASE = Duration.ofMillis(300);
  private static final Duration DRIFT = Duration.ofMillis(50);
  private static final UUID CATALOG = Uuids.fresh();
  private static final String URL = "http://front";

  private final ManualTicker clock = new ManualTicker();
  private final ProductCache cache =
      ProductCache.create(
          new CacheSettings(true, 4, LEASE, DRIFT, false), clock, new SimpleMeterRegistry());
  private final List<CacheLeaseMessages.Renewal> renewals = new CopyOnWriteArrayList<>();

  /** The answer of the catalog, or null if it does not answer. */
  private volatile CacheLeaseMessages.@Nullable Grant grant =
      new CacheLeaseMessages.Grant(LEASE.toMillis(), true, CATALOG);

  private @Nullable LeaseRenewer renewer;

  private CompletableFuture<NodeReply> catalog(
      String url, byte @Nullable [] body, Duration timeout) {
    if (!url.endsWith("/lease")) {
      return CompletableFuture.failedFuture(new IOException("no status"));
    }
    try {
      renewals.add(
          MessageCodec.fromCbor(Objects.requireNonNull(body), CacheLeaseMessages.Renewal.class));
    } catch (IOException e) {
      throw new AssertionError("not a renewal", e);
    }
    CacheLeaseMessages.Grant given = grant;
    return given == null
        ? CompletableFuture.failedFuture(new IOException("reset"))
        : CompletableFuture.completedFuture(new NodeReply(200, MessageCodec.toCbor(given), null));
  }

  @BeforeEach
  void start() {
    StoreConfig config = StoreConfig.load(null);
    LeaderClient leader =
        new LeaderClient(this::catalog, config, config.nodes(Role.CATALOG), LeaderObserver.NONE);
    renewer = new LeaseRenewer(cache, leader, URL, LEASE);
    await().until(cache::leaseValid);
  }

  @AfterEach
  void stop() {
    if (renewer != null) {
      renewer.close();
    }
  }

  private void fillTux() {
    cache.fill(
        cache.beginMiss("Tux"), new Product.Versioned(new Product("Tux", new Price(1599), 100), 1));
  }

  private void awaitRenewals(int more) {
    int before = renewals.size();
    await().until(() -> renewals.size() >= before + more);
  }

  @Test
  @DisplayName("The lease ends at the time of the request plus its length less the drift allowance")
  void theLeaseEndIsComputedFromTheTimeOfTheRequest() {
    grant = null;
    awaitRenewals(2);
    clock.pass(LEASE.minus(DRIFT).minusNanos(1));
    assertThat(cache.leaseValid()).isTrue();
    clock.pass(Duration.ofNanos(1));
    assertThat(cache.leaseValid()).isFalse();
  }

  @Test
  @DisplayName("A continued session keeps its cache through every renewal")
  void renewalsKeepTheCacheOfAContinuedSession() {
    fillTux();
    UUID session = cache.session.id;
    awaitRenewals(3);

    assertThat(cache.get("Tux")).isNotNull();
    assertThat(renewals)
        .allMatch(renewal -> renewal.session().equals(session) && renewal.url().equals(URL));
    assertThat(renewals.getFirst().catalog()).isNull();
    assertThat(renewals.getLast().catalog()).isEqualTo(CATALOG);
  }

  @Test
  @DisplayName("A session that is not continued is dropped, and another one begins")
  void aSessionThatIsNotContinuedIsReplaced() {
    fillTux();
    UUID before = cache.session.id;
    grant = new CacheLeaseMessages.Grant(0, false, CATALOG);
    await().until(() -> !cache.session.id.equals(before));
    grant = new CacheLeaseMessages.Grant(LEASE.toMillis(), true, CATALOG);
    await().until(cache::leaseValid);

    assertThat(cache.get("Tux")).isNull();
    assertThat(cache.session.id).isNotEqualTo(before);
  }

  @Test
  @DisplayName("A session that is refused its first lease is replaced by another one")
  void aSessionWithoutAFirstLeaseIsReplaced() {
    cache.drop();
    UUID before = cache.session.id;
    grant = new CacheLeaseMessages.Grant(0, false, CATALOG);

    await().until(() -> !cache.session.id.equals(before));
  }

  @Test
  @DisplayName("A lease that is not extended expires, and its session remains")
  void anExpiredLeaseKeepsItsSession() {
    fillTux();
    UUID session = cache.session.id;
    grant = new CacheLeaseMessages.Grant(0, true, CATALOG);
    awaitRenewals(2);
    clock.pass(LEASE);

    assertThat(cache.leaseValid()).isFalse();
    assertThat(cache.get("Tux")).isNull();
    assertThat(cache.session.id).isEqualTo(session);
  }

  @Test
  @DisplayName("A renewal is retried until the catalog answers")
  void aRenewalIsRetriedUntilTheCatalogAnswers() {
    grant = null;
    awaitRenewals(5);
    clock.pass(LEASE);
    assertThat(cache.leaseValid()).isFalse();
    grant = new CacheLeaseMessages.Grant(LEASE.toMillis(), true, CATALOG);

    await().until(cache::leaseValid);
  }
}
