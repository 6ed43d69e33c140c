package toystore.db.storage;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import org.h2.mvstore.DataUtils;
import org.h2.mvstore.MVStore;
import org.h2.mvstore.MVStoreException;

/**
 * An H2 file: its path, its URL with all settings, and how to connect to it.
 *
 * @param path without H2's suffix {@code .mv.db}
 */
record H2File(Path path, String url) {
  /** H2 appends this suffix to the name of a file. */
  static final String SUFFIX = ".mv.db";

  static final String USER = "sa";
  static final String PASSWORD = "";

  // "async" instead of "file": an interrupt of a reading thread closes the channel that "file"
  // opens, for the writer too.
  private static final String URL_PREFIX = "jdbc:h2:async:";
  // H2 caches eight parsed statements by default. A transaction of the catalog has more, and H2
  // would parse each of them again.
  private static final String SETTINGS =
      ";WRITE_DELAY=0;MAX_COMPACT_TIME=0;DB_CLOSE_DELAY=-1;DB_CLOSE_ON_EXIT=FALSE"
          + ";QUERY_CACHE_SIZE=32";

  /**
   * The file at this path.
   *
   * @param cacheKb size of H2's page cache in KiB
   */
  static H2File at(Path path, int cacheKb) {
    return new H2File(
        path, URL_PREFIX + path.toAbsolutePath() + SETTINGS + ";CACHE_SIZE=" + cacheKb);
  }

  /** The path with H2's suffix, as text for messages. */
  String name() {
    return path + SUFFIX;
  }

  /**
   * Creates the file if it does not exist, brings its schema up to date, and returns the connection
   * of the writer.
   */
  Connection openForWriting(Migrations migrations) throws SQLException, IOException {
    requireContent();
    Connection connection = connect();
    try {
      connection.setAutoCommit(false);
      migrations.apply(connection);
      connection.commit();
      return connection;
    } catch (SQLException | RuntimeException e) {
      // Without the shutdown the database stays open in this JVM. The next connection to the same
      // path would get it, although the file may have been quarantined by then.
      try (connection;
          Statement statement = connection.createStatement()) {
        statement.execute("SHUTDOWN IMMEDIATELY");
      } catch (SQLException closing) {
        e.addSuppressed(closing);
      }
      throw e;
    }
  }

  /** Opens one more connection. */
  Connection connect() throws SQLException {
    return DriverManager.getConnection(url, USER, PASSWORD);
  }

  /**
   * Opens an existing file read-only and checks that it holds something. If H2 finds no valid chunk
   * in a file, it treats the file as new and overwrites it.
   */
  private void requireContent() throws IOException {
    Path file = path.resolveSibling(path.getFileName() + SUFFIX);
    if (!Files.exists(file) || Files.size(file) == 0) {
      return;
    }
    try (MVStore store = new MVStore.Builder().fileName(file.toString()).readOnly().open()) {
      if (store.getMapNames().isEmpty()) {
        throw new DamagedFileException(
            "it has " + Files.size(file) + " bytes but contains no tables");
      }
    } catch (MVStoreException e) {
      // If the file is in use, connect() fails too, with a message that users understand.
      if (e.getErrorCode() != DataUtils.ERROR_FILE_LOCKED) {
        throw e;
      }
    }
  }

  /** The exception for an operation that failed; its message starts with the operation. */
  StorageException exception(String operation, Exception cause, boolean damage) {
    String message = operation + " " + name() + ": " + firstLine(cause);
    return damage ? new DamagedFileException(message, cause) : new StorageException(message, cause);
  }

  private static String firstLine(Exception e) {
    Throwable cause = e.getCause() == null ? e : e.getCause();
    return String.valueOf(cause.getMessage()).lines().findFirst().orElse(cause.toString());
  }
}
