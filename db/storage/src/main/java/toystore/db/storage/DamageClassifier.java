package toystore.db.storage;

import java.io.EOFException;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.sql.SQLException;
import java.util.Set;
import org.h2.api.ErrorCode;
import org.h2.mvstore.DataUtils;
import org.h2.mvstore.MVStoreException;

/**
 * Tells a damaged H2 file from one that only cannot be used now. H2 finds damage by chance, where a
 * page does not make sense, and says so in many ways.
 */
final class DamageClassifier {
  /** What H2 says where it met something that cannot be. */
  private static final Set<Integer> SQL_CODES =
      Set.of(
          ErrorCode.FILE_CORRUPTED_1,
          ErrorCode.GENERAL_ERROR_1,
          ErrorCode.SERIALIZATION_FAILED_1,
          ErrorCode.DESERIALIZATION_FAILED_1,
          ErrorCode.ROW_NOT_FOUND_WHEN_DELETING_1,
          ErrorCode.ROW_NOT_FOUND_IN_PRIMARY_INDEX);

  /** What it says where the user, whom it keeps in the file too, is another one. */
  private static final Set<Integer> OPENING_CODES =
      Set.of(ErrorCode.FILE_VERSION_ERROR_1, ErrorCode.WRONG_USER_OR_PASSWORD);

  private static final Set<Integer> STORE_CODES =
      Set.of(
          DataUtils.ERROR_READING_FAILED,
          DataUtils.ERROR_INTERNAL,
          DataUtils.ERROR_UNSUPPORTED_FORMAT,
          DataUtils.ERROR_FILE_CORRUPT,
          DataUtils.ERROR_SERIALIZATION,
          DataUtils.ERROR_CHUNK_NOT_FOUND,
          DataUtils.ERROR_BLOCK_NOT_FOUND);

  private DamageClassifier() {}

  /** Whether a failed statement shows that the file itself is wrong. */
  static boolean shownBy(Throwable failure) {
    return shownBy(failure, false);
  }

  /** Whether a failed opening does. */
  static boolean shownByOpening(Throwable failure) {
    return isHugeClaim(failure) || shownBy(failure, true);
  }

  private static boolean shownBy(Throwable failure, boolean opening) {
    boolean damage = false;
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (isOfTheSystem(cause)) {
        return false;
      }
      damage |= isOfTheFile(cause, opening);
    }
    return damage;
  }

  /**
   * Whether opening a file took more memory than there is: H2 believes a damaged length and
   * allocates it. A file that is as it was written is opened page by page.
   */
  private static boolean isHugeClaim(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof OutOfMemoryError) {
        return true;
      }
    }
    return false;
  }

  /** No space, no permission, no such directory, no memory: the file may be as good as ever. */
  private static boolean isOfTheSystem(Throwable cause) {
    return switch (cause) {
      case EOFException e -> false;
      case FileSystemException e -> true;
      case IOException e -> true;
      case VirtualMachineError e -> true;
      case MVStoreException e ->
          e.getErrorCode() == DataUtils.ERROR_WRITING_FAILED
              || e.getErrorCode() == DataUtils.ERROR_FILE_LOCKED
              || e.getErrorCode() == DataUtils.ERROR_CLOSED;
      case SQLException e ->
          e.getErrorCode() == ErrorCode.DATABASE_ALREADY_OPEN_1
              || e.getErrorCode() == ErrorCode.DATABASE_IS_CLOSED
              || e.getErrorCode() == ErrorCode.OUT_OF_MEMORY;
      default -> false;
    };
  }

  private static boolean isOfTheFile(Throwable cause, boolean opening) {
    return switch (cause) {
      case DamagedFileException e -> true;
      case MVStoreException e -> STORE_CODES.contains(e.getErrorCode());
      case SQLException e ->
          SQL_CODES.contains(e.getErrorCode())
              || (opening && (OPENING_CODES.contains(e.getErrorCode()) || isNonsense(e)));
      default -> false;
    };
  }

  /** Classes 22 and 42 of SQL: the schema that is kept in the file cannot be read or understood. */
  private static boolean isNonsense(SQLException e) {
    String state = e.getSQLState();
    return state != null && (state.startsWith("22") || state.startsWith("42"));
  }
}
