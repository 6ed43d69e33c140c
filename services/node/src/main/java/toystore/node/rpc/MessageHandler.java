package toystore.node.rpc;

/**
 * Answers messages of one kind that other nodes send. What it throws becomes a status, as with
 * HTTP.
 *
 * @param <T> the message
 */
@FunctionalInterface
public interface MessageHandler<T> {
  /** What is sent back. */
  Object answer(T message) throws Exception;
}
