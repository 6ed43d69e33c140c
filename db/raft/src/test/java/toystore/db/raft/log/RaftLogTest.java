package toystore.db.raft.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import toystore.db.log.LogPosition;
import toystore.db.raft.core.LogEntry;

/** Tests the log of one member with real files. */
@Timeout(60)
class RaftLogTest {
  private static final int SEGMENT_BYTES = 4_096;

  @TempDir private Path directory = Path.of("");
  private RaftLog log;

  @BeforeEach
  void open() throws IOException {
    log = open(LogPosition.NONE);
  }

  @AfterEach
  void close() throws IOException {
    log.close();
  }

  private void reopen(LogPosition durable) throws IOException {
    log.close();
    log = open(durable);
  }

  private static LogEntry entry(long term, long index, int bytes) {
    return LogEntry.of(term, index, ByteBuffer.allocate(8 + bytes).putLong(index).array());
  }

  private void append(long term, int count, int bytes) {
    for (int i = 0; i < count; i++) {
      log.append(List.of(entry(term, log.lastIndex() + 1, bytes)));
    }
  }

  private List<Long> indexes(long from) {
    List<Long> indexes = new ArrayList<>();
    for (long next = from; next <= log.lastIndex(); ) {
      for (LogEntry entry : log.entries(next, 1_000)) {
        assertThat(ByteBuffer.wrap(entry.command()).getLong()).isEqualTo(entry.index());
        assertThat(entry.term()).isEqualTo(log.termAt(entry.index()));
        indexes.add(entry.index());
        next = entry.index() + 1;
      }
    }
    return indexes;
  }

  private void assertHolds(long from, long to) {
    assertThat(log.base().index()).isEqualTo(from - 1);
    assertThat(log.lastIndex()).isEqualTo(to);
    assertThat(indexes(from)).isEqualTo(LongStream.rangeClosed(from, to).boxed().toList());
  }

  @Test
  @DisplayName("Entries survive reopening with their order and terms")
  void entriesSurviveReopening() throws IOException {
    append(1, 50, 100);
    append(3, 50, 1_000);
    append(4, 1, 3 * SEGMENT_BYTES);
    append(4, 10, 0);
    assertHolds(0, 110);
    assertThat(log.termAt(49)).isEqualTo(1);
    assertThat(log.termAt(50)).isEqualTo(3);

    reopen(new LogPosition(1, 20));

    assertHolds(0, 110);
    assertThat(log.syncedIndex()).isEqualTo(110);
    append(5, 10, 10);
    assertHolds(0, 120);
  }

  @Test
  @DisplayName("An entry counts as durable only after a sync")
  void entryIsDurableAfterSync() {
    append(1, 3, 10);
    assertThat(log.syncedIndex()).isEqualTo(-1);
    assertThat(log.sync()).isEqualTo(2);
    assertThat(log.syncedIndex()).isEqualTo(2);
  }

  /** An interrupt closes the file during the sync, which then fails as it would on a bad disk. */
  @Test
  @DisplayName("After a failed sync the log appends and acknowledges nothing")
  void failedSyncStopsTheLog() throws IOException {
    append(1, 3, 10);
    assertThat(log.sync()).isEqualTo(2);
    append(1, 2, 10);

    Thread.currentThread().interrupt();
    assertThatThrownBy(log::sync).isInstanceOf(UncheckedIOException.class);
    assertThat(Thread.interrupted()).isTrue();

    assertBroken();
    assertThat(log.syncedIndex()).isEqualTo(2);
    reopen(new LogPosition(1, 2));
    assertHolds(0, 4);
  }

  @Test
  @DisplayName("After a failed write the log appends and acknowledges nothing")
  void failedWriteStopsTheLog() throws IOException {
    append(1, 3, 10);
    assertThat(log.sync()).isEqualTo(2);

    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> append(1, 1, 10)).isInstanceOf(UncheckedIOException.class);
    assertThat(Thread.interrupted()).isTrue();

    assertBroken();
    assertThat(log.lastIndex()).isEqualTo(2);
    reopen(new LogPosition(1, 2));
    assertHolds(0, 2);
    append(1, 1, 10);
    assertThat(log.sync()).isEqualTo(3);
  }

  private void assertBroken() {
    assertThatThrownBy(() -> append(1, 1, 10)).hasMessageContaining("the Raft log is broken");
    long before = log.syncedIndex();
    if (log.lastIndex() > before) {
      assertThatThrownBy(log::sync).hasMessageContaining("the Raft log is broken");
    }
    assertThat(log.syncedIndex()).isEqualTo(before);
  }

  @Test
  @DisplayName("A closed log rejects entries")
  void closedLogRejectsEntries() throws IOException {
    append(1, 3, 10);
    log.close();
    assertThatThrownBy(() -> append(1, 1, 10)).hasMessageContaining("the Raft log is closed");
    reopen(new LogPosition(1, 2));
    assertHolds(0, 2);
  }

  @Test
  @DisplayName("Truncated entries are removed, wherever the truncation starts")
  void truncatedEntriesAreRemoved() throws IOException {
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    long term = 1;
    for (int i = 0; i < 60; i++) {
      append(term, random.nextInt(20), random.nextInt(600));
      log.sync();
      if (log.lastIndex() > 0) {
        long from = Math.max(0, log.lastIndex() + 1 - random.nextInt(40));
        log.truncateFrom(from);
        assertThat(log.syncedIndex()).isEqualTo(from - 1);
        assertHolds(0, from - 1);
      }
      term++;
      append(term, 1, 10);
      if (random.nextBoolean()) {
        reopen(LogPosition.NONE);
      }
      assertHolds(0, log.lastIndex());
      assertThat(log.termAt(log.lastIndex())).isEqualTo(term);
    }
  }

  @Test
  @DisplayName("Purging drops entries by whole files")
  void purgeDropsWholeFiles() throws IOException {
    append(2, 200, 100);
    log.purge(120);
    long first = log.base().index() + 1;
    assertThat(first).isBetween(60L, 121L);
    assertThat(log.base().term()).isEqualTo(2);
    assertHolds(first, 199);

    reopen(new LogPosition(2, 150));
    assertHolds(first, 199);
    log.purge(10_000);
    assertThat(log.lastIndex()).isEqualTo(199);
    assertThat(SegmentName.list(directory)).hasSize(1);
  }

  @Test
  @DisplayName("The log continues after an installed state")
  void logContinuesAfterAnInstalledState() throws IOException {
    append(1, 100, 100);
    log.reset(new LogPosition(7, 5_000));
    assertThat(log.lastPosition()).isEqualTo(new LogPosition(7, 5_000));
    append(7, 3, 10);
    reopen(new LogPosition(7, 5_000));
    assertHolds(5_001, 5_003);

    // The process ended after the state was installed and before the log was reset.
    reopen(new LogPosition(8, 6_000));
    assertThat(log.base()).isEqualTo(new LogPosition(8, 6_000));
    assertThat(log.lastIndex()).isEqualTo(6_000);

    // The log has another term than the state at the index of the state.
    append(8, 10, 10);
    reopen(new LogPosition(9, 6_005));
    assertThat(log.base()).isEqualTo(new LogPosition(9, 6_005));
  }

  @Test
  @DisplayName("A new segment file that was not completed is ignored")
  void incompleteNewSegmentIsIgnored() throws IOException {
    append(1, 10, 100);
    Files.write(directory.resolve("new-segment"), new byte[] {1, 2, 3});
    reopen(LogPosition.NONE);
    assertHolds(0, 9);
    append(1, 100, 100);
    assertHolds(0, 109);
  }

  private RaftLog open(LogPosition durable) throws IOException {
    List<Segment> segments = new ArrayList<>();
    for (SegmentName name : SegmentName.list(directory)) {
      segments.add(Segment.read(name));
    }
    return RaftLog.open(directory, SEGMENT_BYTES, segments, durable);
  }
}
