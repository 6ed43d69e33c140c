package toystore.node.http;

import com.sun.management.UnixOperatingSystemMXBean;
import java.lang.management.ManagementFactory;

/** How many connections a node accepts. Without a limit, many connections could end the process. */
final class ConnectionLimit {
  private static final long HEAP_PER_CONNECTION = 60 << 10;

  /** The heap that a node needs under load for everything but its clients' connections. */
  private static final long HEAP_WITHOUT_CONNECTIONS = 32 << 20;

  private static final int LOWEST = 64;
  private static final int HIGHEST = 1 << 20;

  private ConnectionLimit() {}

  /**
   * The number of connections that fit into this process. A busy connection takes up to 30 kB of
   * heap and one file descriptor. Further connections wait in the kernel until others end.
   */
  static int ofThisProcess() {
    long byHeap =
        (Runtime.getRuntime().maxMemory() - HEAP_WITHOUT_CONNECTIONS) / HEAP_PER_CONNECTION;
    long byFiles =
        ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean system
            ? system.getMaxFileDescriptorCount() / 2
            : Long.MAX_VALUE;
    return Math.clamp(Math.min(byHeap, byFiles), LOWEST, HIGHEST);
  }
}
