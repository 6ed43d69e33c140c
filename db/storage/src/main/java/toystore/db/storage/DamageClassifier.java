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
 * Distinguishes damage to an H2 file from other failures, such as a full disk. H2 detects damage
 * only where it happens to read an invalid page, and reports it with many different error codes.
 */
final class DamageClassifier {
  /** Errors of a statement that an undamaged file cannot cause. */
  private static final Set<Integer> SQL_CODES =
      Set.of(
          ErrorCode.FILE_CORRUPTED_1,
          ErrorCode.GENERAL_ERROR_1,
          ErrorCode.SERIALIZATION_FAILED_1,
          ErrorCode.DESERIALIZATION_FAILED_1,
          ErrorCode.ROW_NOT_FOUND_WHEN_DELETING_1,
          ErrorCode.ROW_NOT_FOUND_IN_PRIMARY_INDEX);

  /**
   * Further errors of an opening. A wrong password is one, because the file itself contains the
   * user.
   */
  private static final Set<Integer> OPENING_CODES =
      Set.of(ErrorCode.FILE_VERSION_ERROR_1, ErrorCode.WRONG_USER_OR_PASSWORD);

  /** Errors of H2's storage layer that an undamaged file cannot cause. */
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

  /** Whether a failed statement shows that the file is damaged. */
  static boolean isDamage(Throwable failure) {
    return isDamage(failure, false);
  }

  /** Whether a failed opening shows that the file is damaged. */
  static boolean isDamageAtOpening(Throwable failure) {
    return isOutOfMemory(failure) || isDamage(failure, true);
  }

  private static boolean isDamage(Throwable failure, boolean opening) {
    boolean damage = false;
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (isEnvironmentError(cause)) {
        return false;
      }
      damage |= isFileError(cause, opening);
    }
    return damage;
  }

  /**
   * Whether opening the file ran out of memory. H2 trusts a length that it reads from the file and
   * allocates that many bytes. An undamaged file is read page by page.
   */
  private static boolean isOutOfMemory(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof OutOfMemoryError) {
        return true;
      }
    }
    return false;
  }

  /**
   * Whether the operating system or the JVM caused the failure: no disk space, no permission, no
   * such directory, no memory. The file may be undamaged.
   */
  private static boolean isEnvironmentError(Throwable cause) {
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

  private static boolean isFileError(Throwable cause, boolean opening) {
    return switch (cause) {
      case DamagedFileException e -> true;
      case MVStoreException e -> STORE_CODES.contains(e.getErrorCode());
      case SQLException e ->
          SQL_CODES.contains(e.getErrorCode())
              || (opening && (OPENING_CODES.contains(e.getErrorCode()) || isUnreadableSchema(e)));
      default -> false;
    };
  }

  /**
   * Whether H2 could not parse the schema that the file contains (SQLSTATE classes 22, data
   * exception, and 42, syntax error).
   */
  private static boolean isUnreadableSchema(SQLException e) {
    String state = e.getSQLState();
    return state != null && (state.startsWith("22") || state.startsWith("42"));
  }
}
