package toystore.node;

import java.util.logging.LogManager;

/**
 * Logging that works until the process has ended. The JDK's own manager closes all handlers in a
 * shutdown hook, beside the one in which a node stops: what a node has to say of its stop was lost.
 */
public final class ShutdownSafeLogManager extends LogManager {
  /** Nothing: all that is logged goes to standard error, which needs no closing. */
  @Override
  public void reset() {}
}
