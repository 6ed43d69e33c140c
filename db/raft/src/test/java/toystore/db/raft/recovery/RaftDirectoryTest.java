package toystore.db.raft.recovery;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import toystore.db.log.LogFiles;
import toystore.db.raft.LogSummary;
import toystore.db.raft.TestGroup;
import toystore.db.raft.core.LogEntry;

/** Checks of a Raft directory before its member starts. */
@Timeout(60)
class RaftDirectoryTest {
  private static final int FLIPS = 300;

  @TempDir Path directory;

  @Test
  @DisplayName("A missing directory holds no log")
  void missingDirectoryIsAbsent() {
    TestGroup group = TestGroup.of(directory, 1);

    assertThat(inspect(group)).isEqualTo(new LogFiles.Absent());
  }

  @Test
  @DisplayName("The directory of a new member contains no vote and can be started")
  void directoryOfANewMemberCanBeStarted() {
    try (TestGroup group = TestGroup.of(directory, 1)) {
      RaftDirectory.createForNewMember(group.id(), group.raftDirectory(1));
      assertThat(inspect(group)).isEqualTo(new LogSummary(0, -1, -1));

      group.start(1);
      group.submit(7);
      group.awaitAllEqual();
    }
  }

  @Test
  @DisplayName("Every flipped bit and every truncation of the log is detected")
  void flippedBitsAndTruncationAreDetected() throws IOException {
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    TestGroup group = stopped();
    LogSummary intact = (LogSummary) inspect(group);
    assertThat(intact.firstIndex()).isZero();
    assertThat(intact.lastIndex()).isGreaterThanOrEqualTo(100);
    Path segment = segments(group).getLast();
    byte[] bytes = Files.readAllBytes(segment);
    for (int i = 0; i < FLIPS; i++) {
      byte[] damaged = bytes.clone();
      int at = random.nextInt(bytes.length);
      damaged[at] ^= (byte) (1 << random.nextInt(8));
      Files.write(segment, damaged);
      assertThat(inspect(group)).as("bit flipped in byte %d", at).isNotEqualTo(intact);
    }
    for (int i = 0; i < FLIPS; i++) {
      int length = random.nextInt(bytes.length);
      Files.write(segment, java.util.Arrays.copyOf(bytes, length));
      Object found = inspect(group);
      if (length <= bytes.length - LogEntry.CHECKSUM_BYTES) {
        assertThat(found).as("truncated to %d bytes", length).isNotEqualTo(intact);
      } else {
        // If a part of its checksum is left, the last entry may have been completed.
        assertThat(found.equals(intact))
            .as("truncated to %d bytes", length)
            .isEqualTo(java.util.Arrays.equals(Files.readAllBytes(segment), bytes));
      }
    }
    Files.write(segment, bytes);
    assertThat(inspect(group)).isEqualTo(intact);
  }

  @Test
  @DisplayName("An incomplete last write, as a crash leaves it, is not damage")
  void incompleteLastWriteIsNotDamage() throws IOException {
    TestGroup group = stopped();
    LogSummary intact = (LogSummary) inspect(group);
    Path segment = segments(group).getLast();
    byte[] bytes = Files.readAllBytes(segment);
    // Five bytes of an entry of 80 bytes, followed by the zeros of the preallocated space.
    byte[] torn = java.util.Arrays.copyOf(bytes, bytes.length + 4096);
    torn[bytes.length] = 80;
    java.util.Arrays.fill(torn, bytes.length + 1, bytes.length + 5, (byte) 7);
    Files.write(segment, torn);

    assertThat(inspect(group)).isEqualTo(intact);
    assertThat(Files.size(segment)).isEqualTo(bytes.length);
  }

  @Test
  @DisplayName("A missing segment is detected")
  void missingSegmentIsDetected() throws IOException {
    TestGroup group = stopped();
    try (group) {
      group.start(1);
      group.submitMany(1_000, 60, 20_000);
      group.stop(1);
    }
    List<Path> segments = segments(group);
    assertThat(segments).hasSizeGreaterThan(1);
    Files.move(segments.getFirst(), directory.resolve("first"));
    assertThat(inspect(group)).isInstanceOf(LogSummary.class);
    Files.move(directory.resolve("first"), segments.getFirst());
    Files.createFile(segments.getFirst().resolveSibling("log_5000-5001"));

    assertThat(inspect(group))
        .isInstanceOfSatisfying(
            LogFiles.Damaged.class,
            damaged -> assertThat(damaged.reason()).contains("are missing"));
  }

  @Test
  @DisplayName("A missing or invalid vote is detected")
  void missingOrInvalidVoteIsDetected() throws IOException {
    TestGroup group = stopped();
    Path meta = current(group).resolve("raft-meta");
    String vote = Files.readString(meta);

    Files.writeString(meta, vote.replace("member-1", "member-7"));
    assertThat(inspect(group)).isInstanceOf(LogFiles.Damaged.class);
    Files.writeString(meta, vote.replaceFirst("term=\\d+", "term=0"));
    assertThat(inspect(group)).isInstanceOf(LogFiles.Damaged.class);
    Files.writeString(meta, "garbage");
    assertThat(inspect(group)).isInstanceOf(LogFiles.Damaged.class);
    Files.delete(meta);
    assertThat(inspect(group))
        .isInstanceOfSatisfying(
            LogFiles.Damaged.class, damaged -> assertThat(damaged.reason()).contains("is missing"));
  }

  private TestGroup stopped() {
    TestGroup group = TestGroup.of(directory, 1);
    group.start(1);
    group.submitMany(0, 100, 0);
    group.stopAll();
    return group;
  }

  private static Object inspect(TestGroup group) {
    return LogSummary.read(group, 1);
  }

  private static Path current(TestGroup group) {
    UUID id = group.id();
    return group.raftDirectory(1).resolve(id.toString()).resolve("current");
  }

  private static List<Path> segments(TestGroup group) throws IOException {
    try (Stream<Path> files = Files.list(current(group))) {
      return files
          .filter(file -> String.valueOf(file.getFileName()).startsWith("log_"))
          .sorted()
          .toList();
    }
  }
}
