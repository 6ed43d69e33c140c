package toystore.db.storage;

/** The H2 file cannot be opened, read or written; the message names the file and the reason. */
public sealed class StorageException extends RuntimeException permits DamagedFileException {
  private static final long serialVersionUID = 1L;

  public StorageException(String message, Throwable cause) {
    super(message, cause);
  }

  public StorageException(String message) {
    super(message);
  }
}
