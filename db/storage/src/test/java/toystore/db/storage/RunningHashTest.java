package toystore.db.storage;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class RunningHashTest {
  private static final List<String> ROWS =
      IntStream.range(0, 10).mapToObj(i -> i + " Tux 3").toList();

  @Test
  @DisplayName("Equal rows have equal hashes")
  void equalRowsHaveEqualHashes() {
    assertThat(hashes(new ArrayList<>(ROWS))).isEqualTo(hashes(ROWS));
    assertThat(hashes(ROWS)).doesNotHaveDuplicates().allSatisfy(h -> assertThat(h).hasSize(32));
  }

  @Test
  @DisplayName("A changed row changes its own hash and every later hash")
  void changedRowChangesItsHashAndAllLaterOnes() {
    List<String> changed = new ArrayList<>(ROWS);
    changed.set(4, "4 Tux 2");
    assertDifferFrom(4, hashes(changed), hashes(ROWS));
  }

  @Test
  @DisplayName("Swapping two rows changes the hash")
  void swappedRowsChangeTheHash() {
    List<String> swapped = new ArrayList<>(ROWS);
    Collections.swap(swapped, 6, 7);
    assertDifferFrom(6, hashes(swapped), hashes(ROWS));
  }

  @Test
  @DisplayName("A missing row changes the last hash")
  void missingRowChangesTheHash() {
    List<String> shorter = new ArrayList<>(ROWS);
    shorter.remove(2);
    assertThat(hashes(shorter).getLast()).isNotEqualTo(hashes(ROWS).getLast());
  }

  @Test
  @DisplayName("Bytes after the limit of the buffer are not part of the hash")
  void bytesAfterTheLimitAreNotHashed() {
    RunningHash hash = new RunningHash();
    byte[] expected = hash.next(RunningHash.initial(), ByteBuffer.wrap(new byte[] {1, 2, 3}, 0, 2));
    assertThat(hash.next(RunningHash.initial(), ByteBuffer.wrap(new byte[] {1, 2})))
        .isEqualTo(expected);
  }

  private static void assertDifferFrom(int row, List<String> one, List<String> other) {
    assertThat(one.subList(0, row)).isEqualTo(other.subList(0, row));
    for (int i = row; i < other.size(); i++) {
      assertThat(one.get(i)).as("hash of row %d", i).isNotEqualTo(other.get(i));
    }
  }

  private static List<String> hashes(List<String> rows) {
    RunningHash hash = new RunningHash();
    List<String> hashes = new ArrayList<>();
    byte[] previous = RunningHash.initial();
    for (String row : rows) {
      previous = hash.next(previous, ByteBuffer.wrap(row.getBytes(UTF_8)));
      hashes.add(RunningHash.hex(previous));
    }
    return hashes;
  }
}
