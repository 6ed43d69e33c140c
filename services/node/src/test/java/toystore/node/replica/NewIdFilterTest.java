package toystore.node.replica;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import toystore.protocol.api.Uuids;

class NewIdFilterTest {
  private static final long NOW_MS = 1_764_000_000_000L;

  /** H2 sorts UUIDs as bytes, without a sign. */
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

  private NewIdFilter fresh(int capacity) {
    return NewIdFilter.beyond(this::upTo, capacity);
  }

  private static UUID madeAt(long timeMs, Random random) {
    return new UUID(
        timeMs << 16 | 0x7000 | random.nextInt(0x1000), random.nextLong() >>> 2 | Long.MIN_VALUE);
  }

  @Test
  void whatIsKnownIsNeverNew() {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    for (int round = 0; round < 200; round++) {
      file.clear();
      List<UUID> known = new ArrayList<>();
      int written = random.nextInt(50);
      for (int i = 0; i < written; i++) {
        known.add(any(random));
      }
      file.addAll(known);
      NewIdFilter fresh = fresh(1 + random.nextInt(20));
      for (int i = 0; i < 200; i++) {
        UUID id = any(random);
        if (random.nextBoolean()) {
          known.add(id);
          fresh.add(id);
          // Any moment may be the one at which it is only in the file.
          file.add(id);
        }
        for (UUID each : known) {
          assertThat(fresh.isNew(each)).as("%s, seed %d", each, seed).isFalse();
        }
      }
    }
  }

  /** Of clocks that differ by some ms, of one that is far ahead, or made of a key. */
  private static UUID any(Random random) {
    return switch (random.nextInt(10)) {
      case 0 -> madeAt(NOW_MS + random.nextInt(1_000_000), random);
      case 1 -> madeAt(Long.MAX_VALUE >>> 17, random);
      case 2 -> Uuids.fromIdempotencyKey("key " + random.nextLong());
      default -> madeAt(NOW_MS + random.nextInt(20), random);
    };
  }

  @Test
  void nearlyAllIdsAreFoundNewWithoutTheFile() {
    Random random = new Random(1);
    for (int i = 0; i < 1_000; i++) {
      file.add(madeAt(NOW_MS - i, random));
    }
    NewIdFilter fresh = fresh(100);
    int found = 0;
    for (int i = 1; i <= 10_000; i++) {
      // Three front ends, whose clocks are some ms apart.
      UUID id = madeAt(NOW_MS + i + 10L * (i % 3), random);
      found += fresh.isNew(id) ? 1 : 0;
      fresh.add(id);
    }
    assertThat(found).isGreaterThan(9_950);
  }

  @Test
  void oneClockThatIsFarAheadDoesNotSpoilTheOthers() {
    Random random = new Random(1);
    NewIdFilter fresh = fresh(100);
    fresh.add(madeAt(NOW_MS + 3_600_000, random));
    for (int i = 0; i < 1_000; i++) {
      UUID id = madeAt(NOW_MS + i, random);
      assertThat(fresh.isNew(id)).isTrue();
      fresh.add(id);
    }
  }

  /** Ids made of keys lie all over; some thousand of them above those that are made today. */
  @Test
  void idsMadeOfKeysDoNotHideWhereTheFileEnds() {
    Random random = new Random(1);
    UUID last = madeAt(NOW_MS, random);
    file.add(last);
    for (int i = 0; i < 5_000; i++) {
      long high = (NOW_MS + 1_000L * i) << 16 | 0x8000 | random.nextInt(0x1000);
      file.add(new UUID(high, random.nextLong() >>> 2 | Long.MIN_VALUE));
    }
    NewIdFilter fresh = fresh(100);
    assertThat(fresh.isNew(last)).isFalse();
    assertThat(fresh.isNew(madeAt(NOW_MS + 1, random))).isTrue();
  }
}
