package toystore.node.failure;

/** A bounded queue is full: nothing was done with the request, and it may be sent again later. */
public final class OverloadedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public OverloadedException(String message) {
    super(message, null, false, false);
  }
}
