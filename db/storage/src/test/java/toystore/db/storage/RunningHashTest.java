package toystore.db.storage;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RunningHashTest {
  private static final List<String> ROWS =
      IntStream.range(0, 10).mapToObj(i -> i + " Tux 3").toList();

  @Test
  void equalRowsGiveEqualHashes() {
    assertThat(hashes(new ArrayList<>(ROWS))).isEqualTo(hashes(ROWS));
    assertThat(hashes(ROWS)).doesNotHaveDuplicates().allSatisfy(h -> assertThat(h).hasSize(32));
  }

  @Test
  void aChangedRowShowsInItsHashAndInAllAfterIt() {
    List<String> changed = new ArrayList<>(ROWS);
    changed.set(4, "4 Tux 2");
    assertDifferFrom(4, hashes(changed), hashes(ROWS));
  }

  @Test
  void swappedRowsShow() {
    List<String> swapped = new ArrayList<>(ROWS);
    Collections.swap(swapped, 6, 7);
    assertDifferFrom(6, hashes(swapped), hashes(ROWS));
  }

  @Test
  void aMissingRowShows() {
    List<String> shorter = new ArrayList<>(ROWS);
    shorter.remove(2);
    assertThat(hashes(shorter).getLast()).isNotEqualTo(hashes(ROWS).getLast());
  }

  @Test
  void aHashIsTakenOfTheBytesUpToTheLimitOnly() {
    RunningHash hash = new RunningHash();
    byte[] whole = hash.next(RunningHash.start(), ByteBuffer.wrap(new byte[] {1, 2, 3}, 0, 2));
    assertThat(hash.next(RunningHash.start(), ByteBuffer.wrap(new byte[] {1, 2}))).isEqualTo(whole);
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
    byte[] before = RunningHash.start();
    for (String row : rows) {
      before = hash.next(before, ByteBuffer.wrap(row.getBytes(UTF_8)));
      hashes.add(RunningHash.hex(before));
    }
    return hashes;
  }
}
