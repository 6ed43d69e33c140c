package toystore.node.replica;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import java.util.UUID;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import toystore.protocol.api.Uuids;

class NewIdFilterTest {
  private static final long NOW_MS = 1_764_000_000_000L;

  /** H2 orders UUIDs as unsigned bytes. */
  private static final Comparator<UUID> BY_BYTES =
      (a, b) -> {
        int high = Long.compareUnsigned(a.getMostSignificantBits(), b.getMostSignificantBits());
        return high != 0
            ? high
            : Long.compareUnsigned(a.getLeastSignificantBits(), b.getLeastSignificantBits());
      };

  private final TreeSet<UUID> file = new TreeSet<>(BY_BYTES);

  private List<UUID> upTo(UUID id, int limit) {
    return file.headSet(id, true).descendingSet().stream().limit(limit).toList();
  }

  private NewIdFilter filter(int capacity) {
    return NewIdFilter.beyond(this::upTo, capacity);
  }

  private static UUID idAt(long timeMs, Random random) {
    return new UUID(
        timeMs << 16 | 0x7000 | random.nextInt(0x1000), random.nextLong() >>> 2 | Long.MIN_VALUE);
  }

  @Test
  @DisplayName("An id that was added or is in the file is never new")
  void knownIdIsNeverNew() {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    for (int round = 0; round < 200; round++) {
      file.clear();
      List<UUID> known = new ArrayList<>();
      int written = random.nextInt(50);
      for (int i = 0; i < written; i++) {
        known.add(randomId(random));
      }
      file.addAll(known);
      NewIdFilter filter = filter(1 + random.nextInt(20));
      for (int i = 0; i < 200; i++) {
        UUID id = randomId(random);
        if (random.nextBoolean()) {
          known.add(id);
          filter.add(id);
          // The id may be written to the file at any time.
          file.add(id);
        }
        for (UUID each : known) {
          assertThat(filter.isNew(each)).as("%s, seed %d", each, seed).isFalse();
        }
      }
    }
  }

  /** An id from one of several similar clocks or a clock that is far ahead, or made of a key. */
  private static UUID randomId(Random random) {
    return switch (random.nextInt(10)) {
      case 0 -> idAt(NOW_MS + random.nextInt(1_000_000), random);
      case 1 -> idAt(Long.MAX_VALUE >>> 17, random);
      case 2 -> Uuids.fromIdempotencyKey("key " + random.nextLong());
      default -> idAt(NOW_MS + random.nextInt(20), random);
    };
  }

  @Test
  @DisplayName("Nearly all new ids are recognized without the file")
  void recognizesNearlyAllNewIds() {
    Random random = new Random(1);
    for (int i = 0; i < 1_000; i++) {
      file.add(idAt(NOW_MS - i, random));
    }
    NewIdFilter filter = filter(100);
    int recognized = 0;
    for (int i = 1; i <= 10_000; i++) {
      // The clocks of three front ends differ by a few milliseconds.
      UUID id = idAt(NOW_MS + i + 10L * (i % 3), random);
      recognized += filter.isNew(id) ? 1 : 0;
      filter.add(id);
    }
    assertThat(recognized).isGreaterThan(9_950);
  }

  @Test
  @DisplayName("An id of a clock that is far ahead does not affect the others")
  void idFromTheFutureDoesNotAffectOthers() {
    Random random = new Random(1);
    NewIdFilter filter = filter(100);
    filter.add(idAt(NOW_MS + 3_600_000, random));
    for (int i = 0; i < 1_000; i++) {
      UUID id = idAt(NOW_MS + i, random);
      assertThat(filter.isNew(id)).isTrue();
      filter.add(id);
    }
  }

  /** Ids that are derived from keys have random values. Thousands exceed the newest UUIDv7. */
  @Test
  @DisplayName("Ids that are derived from keys do not hide the largest time in the file")
  void idsOfOtherVersionsAreSkipped() {
    Random random = new Random(1);
    UUID last = idAt(NOW_MS, random);
    file.add(last);
    for (int i = 0; i < 5_000; i++) {
      long high = (NOW_MS + 1_000L * i) << 16 | 0x8000 | random.nextInt(0x1000);
      file.add(new UUID(high, random.nextLong() >>> 2 | Long.MIN_VALUE));
    }
    NewIdFilter filter = filter(100);
    assertThat(filter.isNew(last)).isFalse();
    assertThat(filter.isNew(idAt(NOW_MS + 1, random))).isTrue();
  }
}
