package toystore.node.replica;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
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
 * A node's H2 file and the state that is loaded from it. Damage can show when the file is opened,
 * when the state is loaded, or at any later read. In the last case the node writes a damage record
 * beside the file, and the next start treats the file as damaged.
 *
 * @param <S> the state that the log drives
 */
final class DataFile<S extends ReplicatedState> {
  private static final System.Logger LOG = System.getLogger(DataFile.class.getName());

  /** After this many processes in a row that ended while they opened the file, it is damaged. */
  private static final int MAX_UNFINISHED_OPENINGS = 3;

  private final Path file;
  private final Path damageRecord;
  private final Path openingRecord;
  private final Migrations migrations;
  private final Database.Sizes sizes;
  private final WriteBehind.FlushPolicy flushPolicy;
  private final BiFunction<Database, WriteBehind.FlushPolicy, S> loadState;
  private final Consumer<Throwable> onFatal;

  /** An open file and its state. */
  record Opened<S>(Database database, S state) {}

  /**
   * Describes a file without opening it.
   *
   * @param file path without H2's suffix
   * @param loadState creates the state from the open file
   * @param onFatal called once, with the first failed write or the first damage that a read finds
   */
  DataFile(
      Path file,
      Migrations migrations,
      Database.Sizes sizes,
      WriteBehind.FlushPolicy flushPolicy,
      BiFunction<Database, WriteBehind.FlushPolicy, S> loadState,
      Consumer<Throwable> onFatal) {
    this.file = file;
    this.damageRecord = damageRecord(file);
    this.openingRecord = file.resolveSibling(file.getFileName() + ".opening");
    this.migrations = migrations;
    this.sizes = sizes;
    this.flushPolicy = flushPolicy;
    this.loadState = loadState;
    this.onFatal = onFatal;
  }

  private static Path damageRecord(Path file) {
    return file.resolveSibling(file.getFileName() + ".damaged");
  }

  /** The path of the file, with H2's suffix. */
  Path path() {
    return file.resolveSibling(file.getFileName() + Database.FILE_SUFFIX);
  }

  boolean exists() {
    return Files.exists(path());
  }

  /** Records that a file is damaged, so that the next start quarantines it. */
  static void recordDamage(Path file, String damage) {
    Path damageRecord = damageRecord(file);
    try {
      Files.writeString(
          damageRecord, damage + "\n", UTF_8, StandardOpenOption.CREATE, StandardOpenOption.SYNC);
    } catch (IOException e) {
      LOG.log(Level.ERROR, "cannot write " + damageRecord, e);
    }
  }

  /**
   * Opens the file, or creates it if it does not exist.
   *
   * @throws DamagedFileException if the file or its content is damaged
   */
  Opened<S> open() {
    if (Files.exists(damageRecord)) {
      throw new DamagedFileException(path() + ": " + recordedDamage());
    }
    beginOpening();
    Opened<S> opened;
    try {
      opened = openAndLoad();
    } catch (RuntimeException e) {
      // This process can report the failure. Only openings that end the process are counted.
      endOpening(e);
      throw e;
    }
    endOpening(null);
    return opened;
  }

  /**
   * Appends a byte to the opening record. If H2 reads a damaged length, it may request more memory
   * than there is, which ends the process without a message. The next start then finds only that
   * earlier openings did not finish.
   */
  private void beginOpening() {
    try {
      if (Files.exists(openingRecord) && Files.size(openingRecord) >= MAX_UNFINISHED_OPENINGS) {
        throw new DamagedFileException(
            path()
                + ": "
                + MAX_UNFINISHED_OPENINGS
                + " processes in a row have ended while they opened it");
      }
      Files.write(
          openingRecord, new byte[] {'.'}, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new StorageException("cannot write " + openingRecord, e);
    }
  }

  private void endOpening(@Nullable RuntimeException failure) {
    try {
      Files.deleteIfExists(openingRecord);
    } catch (IOException e) {
      if (failure == null) {
        throw new StorageException("cannot delete " + openingRecord, e);
      }
      failure.addSuppressed(e);
    }
  }

  private Opened<S> openAndLoad() {
    Database database = Database.open(file, migrations, sizes, onFatal);
    try {
      return new Opened<>(database, loadState.apply(database, flushPolicy));
    } catch (RuntimeException e) {
      database.close();
      throw e instanceof StorageException && !(e instanceof DamagedFileException)
          ? new DamagedFileException(String.valueOf(e.getMessage()), e)
          : e;
    }
  }

  private String recordedDamage() {
    try {
      return Files.readString(damageRecord, UTF_8).strip();
    } catch (IOException e) {
      return "an earlier process found it damaged";
    }
  }

  /** Quarantines the file, H2's trace file, and the records beside it. */
  void quarantine(String reason) {
    Path trace = file.resolveSibling(file.getFileName() + ".trace.db");
    for (Path part : List.of(path(), trace, damageRecord, openingRecord)) {
      if (Files.exists(part)) {
        Path quarantined = Quarantine.setAside(part);
        LOG.log(
            Level.WARNING,
            "{0} was quarantined as {1}: {2}",
            part,
            quarantined.getFileName(),
            reason);
      }
    }
  }
}
