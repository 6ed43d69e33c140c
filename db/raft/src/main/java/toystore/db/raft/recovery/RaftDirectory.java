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
 * A member's Raft directory as it is before the member starts: its vote and its log. Looked at
 * first, because a member that runs takes part in elections, and one whose log has lost its end
 * looks like one that is behind.
 */
public sealed interface RaftDirectory {
  /** Nothing was ever written here. */
  record None() implements RaftDirectory {}

  /**
   * All that was written is there, as far as checksums and the numbering of entries show.
   *
   * @param vote the highest term that this member has seen, and its vote in it
   * @param segments the files of the log in order, read and checked; possibly none
   */
  record Whole(PersistentState vote, List<Segment> segments) implements RaftDirectory {
    public Whole {
      segments = List.copyOf(segments);
    }

    /** The index of the first entry, or -1 if the log holds none. */
    public long first() {
      return holdsNone() ? -1 : segments.getFirst().before().index() + 1;
    }

    /** The index of the last entry, or -1 if the log holds none. */
    public long last() {
      return holdsNone() ? -1 : segments.getLast().last();
    }

    private boolean holdsNone() {
      return segments.isEmpty()
          || segments.getLast().last() == segments.getFirst().before().index();
    }
  }

  /** A vote or acknowledged entries are lost: this member must not take part as it is. */
  record Damaged(String why) implements RaftDirectory {}

  /**
   * Looks at the directory, and changes nothing in it but for what a crash left of the last write,
   * which is cut off ({@link TornTailRepair}). Reads the whole log.
   */
  static RaftDirectory inspect(UUID group, List<Member> members, Path directory) {
    try {
      // What a crash left of a write that nobody was told of is no damage.
      TornTailRepair.mend(directory);
      return RaftDirectoryReader.of(members, current(group, directory));
    } catch (IOException | UncheckedIOException e) {
      return new Damaged(String.valueOf(e.getMessage()));
    }
  }

  /** Writes what a member has that never voted. */
  static Whole createForNewMember(UUID group, Path directory) {
    return write(group, directory, PersistentState.NONE);
  }

  /**
   * Writes what a member has that must not vote any more up to this term: that it has voted in it,
   * for itself. The directory appears as a whole or not at all.
   */
  static Whole createForVoteless(UUID group, Path directory, Member self, long term) {
    return write(group, directory, new PersistentState(term, self.name()));
  }

  /** Where a group's files are. */
  static Path current(UUID group, Path directory) {
    return directory.resolve(group.toString()).resolve("current");
  }

  private static Whole write(UUID group, Path directory, PersistentState vote) {
    Path made = directory.resolveSibling(directory.getFileName() + ".new");
    try {
      deleteTree(made);
      Path root = Files.createDirectories(current(group, made));
      new VoteFile(root).write(vote);
      DirectorySync.sync(made.resolve(group.toString()));
      DirectorySync.sync(made);
      // An empty directory may be there, of a start that was cut short.
      Files.deleteIfExists(current(group, directory));
      Files.deleteIfExists(directory.resolve(group.toString()));
      Files.deleteIfExists(directory);
      Files.move(made, directory, StandardCopyOption.ATOMIC_MOVE);
      DirectorySync.sync(Objects.requireNonNull(directory.toAbsolutePath().getParent()));
      return new Whole(vote, List.of());
    } catch (IOException e) {
      throw new LogStorageException("the Raft directory " + directory + " cannot be made", e);
    }
  }

  /** Only ever what an earlier attempt to make a directory has left. */
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
