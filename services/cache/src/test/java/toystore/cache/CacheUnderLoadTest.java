package toystore.cache;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.benmanes.caffeine.cache.Ticker;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import toystore.config.BatchSettings;
import toystore.config.CacheSettings;
import toystore.protocol.api.Price;
import toystore.protocol.api.Product;
import toystore.protocol.message.CacheLeaseMessages;
import toystore.protocol.message.MessageCodec;
import toystore.protocol.message.NodeReply;
import toystore.protocol.message.ProductReadRequest;

/**
 * Runs both sides of the protocol at full speed in many threads and loses some messages. This finds
 * races inside a step, which {@link CacheProtocolTest} treats as atomic.
 */
class CacheUnderLoadTest {
  private static final Duration LEASE = Duration.ofMillis(100);
  private static final Duration RUN = Duration.ofMillis(1_500);
  private static final Duration PUBLISH_TIMEOUT = Duration.ofSeconds(20);
  private static final List<String> NAMES = List.of("Tux", "Fox", "Whale");
  private static final int FRONT_ENDS = 2;
  private static final int READERS = 2;
  private static final int BUYERS = 2;

  private final CacheSessions sessions = new CacheSessions(Ticker.systemTicker(), LEASE);
  private final ChangePublisher publisher =
      new ChangePublisher(
          this::invalidate, sessions, new BatchSettings(16, 64), new SimpleMeterRegistry());
  private final SimpleMeterRegistry metrics = new SimpleMeterRegistry();
  private final List<ProductCache> caches = new ArrayList<>();

  /** The latest version of each product in the log. */
  private final Map<String, AtomicLong> applied = new ConcurrentHashMap<>();

  /** The latest version of each product that any reader has seen or was sold. */
  private final Map<String, AtomicLong> seen = new ConcurrentHashMap<>();

  private final AtomicLong invalidationsSent = new AtomicLong();
  private volatile boolean over;

  private CompletableFuture<NodeReply> invalidate(
      String url, byte @Nullable [] body, Duration timeout) {
    if (invalidationsSent.incrementAndGet() % 17 == 0) {
      return CompletableFuture.failedFuture(new IOException("the message is lost"));
    }
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            CacheLeaseMessages.Invalidation message =
                MessageCodec.fromCbor(
                    Objects.requireNonNull(body), CacheLeaseMessages.Invalidation.class);
            boolean known =
                caches
                    .get(Integer.parseInt(url.substring(0, 1)))
                    .invalidate(message.session(), message.names());
            return new NodeReply(known ? 200 : 410, new byte[0], null);
          } catch (IOException e) {
            throw new AssertionError("not an invalidation", e);
          }
        });
  }

  private static Product.Versioned product(String name, long version) {
    return new Product.Versioned(new Product(name, new Price(1599), 100), version);
  }

  private void recordSeen(String name, long version) {
    Objects.requireNonNull(seen.get(name)).accumulateAndGet(version, Math::max);
  }

  /** Renews the lease, and sometimes pauses for longer than a lease. */
  private @Nullable Void keepLease(int number, Random random) throws InterruptedException {
    ProductCache cache = caches.get(number);
    while (!over) {
      ProductCache.PendingRenewal renewal = cache.beginRenewal(number + "/front");
      cache.processGrant(renewal, sessions.renew(renewal.message()));
      Thread.sleep(random.nextInt(20) == 0 ? 2 * LEASE.toMillis() : LEASE.toMillis() / 4);
    }
    return null;
  }

  private @Nullable Void read(ProductCache cache, Random random) {
    while (!over) {
      String name = NAMES.get(random.nextInt(NAMES.size()));
      long before = Objects.requireNonNull(seen.get(name)).get();
      Product.Versioned found = cache.get(name);
      if (found == null) {
        ProductCache.Miss miss = cache.beginMiss(name);
        ProductReadRequest.Answer answer = publisher.read(name);
        found = Objects.requireNonNull(answer.product());
        if (answer.cacheable()) {
          cache.fill(miss, found);
        }
      }
      assertThat(found.version()).as(name).isGreaterThanOrEqualTo(before);
      recordSeen(name, found.version());
    }
    return null;
  }

  /** Changes products. Some changes are refused, and the outcome of some remains unknown. */
  private @Nullable Void buy(Random random) throws Exception {
    while (!over) {
      String name = NAMES.get(random.nextInt(NAMES.size()));
      boolean announced = random.nextInt(8) != 0;
      try (ChangePublisher.Announcement change =
          publisher.announce(announced ? List.of(name) : List.of())) {
        Thread.onSpinWait();
        int outcome = random.nextInt(10);
        if (outcome == 0) {
          continue;
        }
        boolean beforeCommit = random.nextBoolean();
        if (beforeCommit) {
          change.invalidate();
        }
        long version = Objects.requireNonNull(applied.get(name)).incrementAndGet();
        if (!beforeCommit) {
          change.invalidate();
        }
        if (outcome == 1) {
          continue;
        }
        change.publish(List.of(product(name, version)), PUBLISH_TIMEOUT);
        recordSeen(name, version);
      }
    }
    return null;
  }

  @Test
  @DisplayName("Under load, no reader sees an older state than any reader has seen")
  void noReaderSeesAnOlderStateUnderLoad() throws Exception {
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    for (String name : NAMES) {
      applied.put(name, new AtomicLong(1));
      seen.put(name, new AtomicLong(1));
    }
    publisher.publishAtOnce(NAMES.stream().map(name -> product(name, 1)).toList());
    sessions.open();
    List<Callable<@Nullable Void>> work = new ArrayList<>();
    for (int i = 0; i < FRONT_ENDS; i++) {
      int number = i;
      ProductCache cache =
          ProductCache.create(
              new CacheSettings(true, 2, LEASE, Duration.ZERO, false),
              Ticker.systemTicker(),
              metrics);
      caches.add(cache);
      work.add(() -> keepLease(number, new Random(random.nextLong())));
      for (int j = 0; j < READERS; j++) {
        work.add(() -> read(cache, new Random(random.nextLong())));
      }
    }
    for (int i = 0; i < BUYERS; i++) {
      work.add(() -> buy(new Random(random.nextLong())));
    }
    try (ExecutorService threads = Executors.newCachedThreadPool()) {
      List<Future<@Nullable Void>> running = new ArrayList<>();
      work.forEach(task -> running.add(threads.submit(task)));
      Thread.sleep(RUN);
      over = true;
      for (Future<@Nullable Void> task : running) {
        task.get(30, TimeUnit.SECONDS);
      }
    }

    double hits = metrics.counter("toystore.cache.hits").count();
    System.out.printf("%.0f hits, versions %s%n", hits, applied);
    assertThat(hits).isGreaterThan(1_000);
    assertThat(applied.values()).allMatch(version -> version.get() > 10);
    for (String name : NAMES) {
      assertThat(publisher.read(name).cacheable()).as("no change is pending").isTrue();
    }
    publisher.close();
  }
}
