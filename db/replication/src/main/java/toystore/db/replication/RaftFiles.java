package toystore.db.replication;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import toystore.db.storage.StorageException;

/**
 * A member's Raft directory as it is before the member starts: its vote and its log. Looked at
 * first, because a member that runs takes part in elections, and one whose log has lost its end
 * looks like one that is behind.
 */
public sealed interface RaftFiles {
  /** Nothing was ever written here. */
  record None() implements RaftFiles {}

  /**
   * All that was written is there, as far as checksums and the numbering of entries show.
   *
   * @param term the highest term that this member has seen
   * @param first index of the first entry, -1 if the log holds none
   * @param last index of the last entry, -1 if the log holds none
   */
  record Whole(long term, long first, long last) implements RaftFiles {
    /** The log holds no entry. */
    public boolean empty() {
      return first < 0;
    }
  }

  /** A vote or acknowledged entries are lost: this member must not take part as it is. */
  record Damaged(String why) implements RaftFiles {}

  /**
   * Looks at the directory, and changes nothing in it but for what a crash left of the last write,
   * which is cut off ({@link TornTail}). Reads the whole log.
   */
  static RaftFiles inspect(UUID group, List<Member> members, Path directory) {
    try {
      // What a crash left of a write that nobody was told of is no damage.
      TornTail.mend(directory);
      return RaftInspection.of(members, current(group, directory));
    } catch (IOException | UncheckedIOException e) {
      return new Damaged(String.valueOf(e.getMessage()));
    }
  }

  /** Writes what a member has that never voted. */
  static void createForNewMember(UUID group, Path directory) {
    write(group, directory, VoteFile.Vote.NONE);
  }

  /**
   * Writes what a member has that must not vote any more up to this term: that it has voted in it,
   * for itself. The directory appears as a whole or not at all.
   */
  static void createForVoteless(UUID group, Path directory, Member self, long term) {
    write(group, directory, new VoteFile.Vote(term, self.name()));
  }

  /** Where a group's files are. */
  static Path current(UUID group, Path directory) {
    return directory.resolve(group.toString()).resolve("current");
  }

  private static void write(UUID group, Path directory, VoteFile.Vote vote) {
    Path made = directory.resolveSibling(directory.getFileName() + ".new");
    try {
      deleteTree(made);
      Path root = Files.createDirectories(current(group, made));
      new VoteFile(root).write(vote);
      sync(made.resolve(group.toString()));
      sync(made);
      // An empty directory may be there, of a start that was cut short.
      Files.deleteIfExists(current(group, directory));
      Files.deleteIfExists(directory.resolve(group.toString()));
      Files.deleteIfExists(directory);
      Files.move(made, directory, StandardCopyOption.ATOMIC_MOVE);
      sync(Objects.requireNonNull(directory.toAbsolutePath().getParent()));
    } catch (IOException e) {
      throw new StorageException("the Raft directory " + directory + " cannot be made", e);
    }
  }

  /** Makes names of files in a directory survive a loss of power. */
  static void sync(Path directory) throws IOException {
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
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
