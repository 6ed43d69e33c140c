package toystore.node.failure;

/** A limit is reached. The request had no effect, and the client may send it again later. */
public final class OverloadedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public OverloadedException(String message) {
    super(message, null, false, false);
  }
}
