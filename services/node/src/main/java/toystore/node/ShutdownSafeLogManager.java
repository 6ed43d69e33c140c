package toystore.node;

import java.util.logging.LogManager;

/**
 * A log manager that works until the process has ended. The default log manager of the JDK closes
 * all handlers in a shutdown hook, which runs at the same time as the hook that stops the node. Log
 * messages about the stop would be lost.
 */
public final class ShutdownSafeLogManager extends LogManager {
  /** Does nothing. All handlers write to standard error, which need not be closed. */
  @Override
  public void reset() {}
}
