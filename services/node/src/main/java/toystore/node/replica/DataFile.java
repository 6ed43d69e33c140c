package toystore.node.replica;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import toystore.db.log.ReplicatedState;
import toystore.db.storage.DamagedFileException;
import toystore.db.storage.Database;
import toystore.db.storage.Migrations;
import toystore.db.storage.Quarantine;
import toystore.db.storage.StorageException;
import toystore.db.storage.WriteBehind;

/**
 * A node's H2 file and the state made from it. Damage can show at opening, when the state is made
 * from it, or at any later read; the last leaves a note beside the file for the next start. It
 * always ends in the same way: the file is set aside, and an empty one takes its place.
 *
 * @param <S> the state that the log drives
 */
final class DataFile<S extends ReplicatedState> {
  private static final System.Logger LOG = System.getLogger(DataFile.class.getName());

  private static final int MOST_OPENINGS = 3;

  private final Path file;
  private final Path note;
  private final Path openings;
  private final Migrations migrations;
  private final Database.Sizes sizes;
  private final WriteBehind.FlushPolicy flushPolicy;
  private final BiFunction<Database, WriteBehind.FlushPolicy, S> maker;
  private final Consumer<Throwable> onFatal;

  /** An open file, and its state. */
  record Opened<S>(Database database, S state) {}

  /**
   * @param file path without H2's ending
   * @param onFatal told of the first failed write, or the first damage that is read
   */
  DataFile(
      Path file,
      Migrations migrations,
      Database.Sizes sizes,
      WriteBehind.FlushPolicy flushPolicy,
      BiFunction<Database, WriteBehind.FlushPolicy, S> maker,
      Consumer<Throwable> onFatal) {
    this.file = file;
    this.note = file.resolveSibling(file.getFileName() + ".damaged");
    this.openings = file.resolveSibling(file.getFileName() + ".opening");
    this.migrations = migrations;
    this.sizes = sizes;
    this.flushPolicy = flushPolicy;
    this.maker = maker;
    this.onFatal = onFatal;
  }

  /** The file as H2 names it. */
  Path path() {
    return file.resolveSibling(file.getFileName() + Database.FILE_SUFFIX);
  }

  boolean isThere() {
    return Files.exists(path());
  }

  /** Notes that the file is damaged, so that the next start sets it aside. */
  static void noteDamage(Path file, String why) {
    Path note = file.resolveSibling(file.getFileName() + ".damaged");
    try {
      Files.writeString(
          note, why + "\n", UTF_8, StandardOpenOption.CREATE, StandardOpenOption.SYNC);
    } catch (IOException e) {
      LOG.log(Level.ERROR, "cannot note in " + note + " that the file is damaged", e);
    }
  }

  /**
   * Opens the file.
   *
   * @throws DamagedFileException if it, or what is in it, is not as it was written
   */
  Opened<S> open() {
    if (Files.exists(note)) {
      throw new DamagedFileException(path() + ": " + noted());
    }
    countOpening();
    Opened<S> opened;
    try {
      opened = openAndMake();
    } catch (RuntimeException e) {
      // It could be told: only what ends the process counts.
      endOpening(e);
      throw e;
    }
    endOpening(null);
    return opened;
  }

  private void endOpening(@Nullable RuntimeException failure) {
    try {
      Files.deleteIfExists(openings);
    } catch (IOException e) {
      if (failure == null) {
        throw new StorageException("cannot delete " + openings, e);
      }
      failure.addSuppressed(e);
    }
  }

  /**
   * Notes that the file is being opened. Where H2 believes a damaged length it needs more memory
   * than there is, which ends the process without a word; that this happened again and again is all
   * that the next start can see.
   */
  private void countOpening() {
    try {
      if (Files.exists(openings) && Files.size(openings) >= MOST_OPENINGS) {
        throw new DamagedFileException(
            path() + ": " + MOST_OPENINGS + " processes in a row have ended while they opened it");
      }
      Files.write(openings, new byte[] {'.'}, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new StorageException("cannot write " + openings, e);
    }
  }

  private Opened<S> openAndMake() {
    Database database = Database.open(file, migrations, sizes, onFatal);
    try {
      return new Opened<>(database, maker.apply(database, flushPolicy));
    } catch (RuntimeException e) {
      database.close();
      throw e instanceof StorageException && !(e instanceof DamagedFileException)
          ? new DamagedFileException(String.valueOf(e.getMessage()), e)
          : e;
    }
  }

  private String noted() {
    try {
      return Files.readString(note, UTF_8).strip();
    } catch (IOException e) {
      return "it was found damaged";
    }
  }

  /** Sets the file aside, with what H2 and this class wrote beside it. */
  void setAside(String why) {
    for (Path part :
        new Path[] {
          path(), file.resolveSibling(file.getFileName() + ".trace.db"), note, openings,
        }) {
      if (Files.exists(part)) {
        Path aside = Quarantine.setAside(part);
        LOG.log(Level.WARNING, "{0} was set aside as {1}: {2}", part, aside.getFileName(), why);
      }
    }
  }
}
