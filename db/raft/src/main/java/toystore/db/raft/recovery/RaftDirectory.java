package toystore.db.raft.recovery;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import toystore.db.log.LogStorageException;
import toystore.db.log.Member;
import toystore.db.raft.core.PersistentState;
import toystore.db.raft.log.DirectorySync;
import toystore.db.raft.log.Segment;
import toystore.db.raft.log.TornTailRepair;
import toystore.db.raft.log.VoteFile;

/**
 * The state of a member's Raft directory, which holds its vote and its log, before the member
 * starts. It must be inspected first: a running member takes part in elections, and once it runs, a
 * log that has lost its end cannot be distinguished from one that is behind.
 */
public sealed interface RaftDirectory {
  /** The directory was never written. */
  record Absent() implements RaftDirectory {}

  /**
   * The files are complete, as far as checksums and the numbering of entries can show.
   *
   * @param segments the verified segments of the log in order, possibly none
   */
  record Intact(PersistentState persistent, List<Segment> segments) implements RaftDirectory {
    public Intact {
      segments = List.copyOf(segments);
    }

    /** The index of the first entry, or -1 if the log holds none. */
    public long firstIndex() {
      return hasNoEntries() ? -1 : segments.getFirst().base().index() + 1;
    }

    /** The index of the last entry, or -1 if the log holds none. */
    public long lastIndex() {
      return hasNoEntries() ? -1 : segments.getLast().lastIndex();
    }

    private boolean hasNoEntries() {
      return segments.isEmpty()
          || segments.getLast().lastIndex() == segments.getFirst().base().index();
    }
  }

  /** The vote or acknowledged entries are lost: the member must not take part in the group. */
  record Damaged(String reason) implements RaftDirectory {}

  /**
   * Reads and verifies the whole directory. The only change it makes is to repair a last write that
   * a crash interrupted ({@link TornTailRepair}).
   */
  static RaftDirectory inspect(UUID group, List<Member> members, Path directory) {
    try {
      // A write that was interrupted before it was acknowledged is not damage.
      TornTailRepair.repair(directory);
      return RaftDirectoryReader.read(members, currentDirectory(group, directory));
    } catch (IOException | UncheckedIOException e) {
      return new Damaged(String.valueOf(e.getMessage()));
    }
  }

  /** Creates the directory of a new member, which has never voted. */
  static Intact createForNewMember(UUID group, Path directory) {
    return write(group, directory, PersistentState.INITIAL);
  }

  /**
   * Creates the directory of a member that must not vote for another member up to this term: it
   * records a vote for the member itself in this term. The directory appears complete or not at
   * all.
   */
  static Intact createWithoutVote(UUID group, Path directory, Member self, long term) {
    return write(group, directory, new PersistentState(term, self.name()));
  }

  /** The directory that holds the vote and the log of a group. */
  static Path currentDirectory(UUID group, Path directory) {
    return directory.resolve(group.toString()).resolve("current");
  }

  private static Intact write(UUID group, Path directory, PersistentState persistent) {
    Path temporary = directory.resolveSibling(directory.getFileName() + ".new");
    try {
      deleteTree(temporary);
      Path root = Files.createDirectories(currentDirectory(group, temporary));
      new VoteFile(root).write(persistent);
      DirectorySync.sync(temporary.resolve(group.toString()));
      DirectorySync.sync(temporary);
      // An interrupted start may have left an empty directory.
      Files.deleteIfExists(currentDirectory(group, directory));
      Files.deleteIfExists(directory.resolve(group.toString()));
      Files.deleteIfExists(directory);
      Files.move(temporary, directory, StandardCopyOption.ATOMIC_MOVE);
      DirectorySync.sync(Objects.requireNonNull(directory.toAbsolutePath().getParent()));
      return new Intact(persistent, List.of());
    } catch (IOException e) {
      throw new LogStorageException("the Raft directory " + directory + " cannot be created", e);
    }
  }

  /** Deletes what an earlier, interrupted attempt to create a directory has left. */
  private static void deleteTree(Path root) throws IOException {
    if (!Files.exists(root)) {
      return;
    }
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException failure)
              throws IOException {
            Files.delete(directory);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
