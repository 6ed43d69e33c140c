package toystore.protocol.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class UuidsTest {
  @Test
  @DisplayName("Ids of one process strictly increase")
  void freshIdsStrictlyIncrease() {
    UUID last = Uuids.fresh();
    for (int i = 0; i < 100_000; i++) {
      UUID next = Uuids.fresh();
      assertThat(next.getMostSignificantBits()).isGreaterThan(last.getMostSignificantBits());
      last = next;
    }
  }

  @Test
  @DisplayName("A new id is a UUIDv7 that contains the time")
  void freshIdIsVersion7WithTime() {
    long before = System.currentTimeMillis();
    UUID id = Uuids.fresh();

    assertThat(id.version()).isEqualTo(7);
    assertThat(id.variant()).isEqualTo(2);
    // Ids of other tests may have moved the counter ahead of the clock.
    assertThat(id.getMostSignificantBits() >>> 16).isBetween(before, before + 60_000);
  }

  @Test
  @DisplayName("Ids that several threads create concurrently differ")
  void freshIdsOfThreadsDiffer() throws InterruptedException {
    Set<UUID> seen = ConcurrentHashMap.newKeySet();
    CountDownLatch start = new CountDownLatch(1);
    List<Thread> threads = new ArrayList<>();
    for (int t = 0; t < 4; t++) {
      threads.add(
          Thread.ofPlatform()
              .start(
                  () -> {
                    try {
                      start.await();
                    } catch (InterruptedException e) {
                      Thread.currentThread().interrupt();
                    }
                    for (int i = 0; i < 10_000; i++) {
                      seen.add(Uuids.fresh());
                    }
                  }));
    }
    start.countDown();
    for (Thread thread : threads) {
      thread.join();
    }

    assertThat(seen).hasSize(40_000);
    assertThat(seen.stream().map(UUID::getMostSignificantBits).distinct()).hasSize(40_000);
  }

  @Test
  @DisplayName("The same Idempotency-Key always gives the same id")
  void sameKeyGivesSameId() {
    UUID id = Uuids.fromIdempotencyKey("order 17 of Ada");

    assertThat(Uuids.fromIdempotencyKey("order 17 of Ada")).isEqualTo(id);
    assertThat(Uuids.fromIdempotencyKey("order 18 of Ada")).isNotEqualTo(id);
    assertThat(id.version()).isEqualTo(8);
    assertThat(id.variant()).isEqualTo(2);
  }

  @Test
  @DisplayName("The id of a key is the same in every release")
  void idOfKeyIsStableAcrossReleases() {
    assertThat(Uuids.fromIdempotencyKey("k")).hasToString("acf01e8b-f6c4-8ee4-b388-0b85918d6773");
  }

  @Test
  @DisplayName("A key of the maximum length is accepted")
  void longestKeyIsAccepted() {
    assertThat(Uuids.fromIdempotencyKey("k".repeat(Uuids.MAX_KEY_LENGTH)).version()).isEqualTo(8);
  }

  @ParameterizedTest
  @DisplayName("A blank key, or one that is not printable ASCII, is rejected")
  @ValueSource(strings = {"", " ", "schlüssel", "tab\tkey", "line\nkey", "bell\u0007", "del\u007f"})
  void invalidKeyIsRejected(String key) {
    assertThatThrownBy(() -> Uuids.fromIdempotencyKey(key))
        .isInstanceOfSatisfying(ApiException.class, e -> assertThat(e.status()).isEqualTo(400))
        .hasMessageContaining("Idempotency-Key");
  }

  @Test
  @DisplayName("A key that is too long is rejected")
  void tooLongKeyIsRejected() {
    assertThatThrownBy(() -> Uuids.fromIdempotencyKey("k".repeat(Uuids.MAX_KEY_LENGTH + 1)))
        .hasMessage("Idempotency-Key must have 1 to 255 characters");
  }
}
