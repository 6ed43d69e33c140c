package toystore.node.rpc;

/**
 * Answers the messages of other nodes on one path. An exception becomes a status, as with HTTP.
 *
 * @param <T> the type of the messages
 */
@FunctionalInterface
public interface MessageHandler<T> {
  /** Returns the body of the response. */
  Object answer(T message) throws Exception;
}
