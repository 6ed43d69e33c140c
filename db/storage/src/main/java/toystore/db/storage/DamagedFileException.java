package toystore.db.storage;

/**
 * The H2 file is not as it was written. Set it aside and rebuild it: nothing in it can be trusted.
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
