package toystore.db.storage;

/**
 * The H2 file is damaged. No row in it can be trusted: quarantine the file and rebuild it from the
 * log or from another replica.
 */
public final class DamagedFileException extends StorageException {
  private static final long serialVersionUID = 1L;

  public DamagedFileException(String message, Throwable cause) {
    super(message, cause);
  }

  public DamagedFileException(String message) {
    super(message);
  }
}
