package toystore.node.http;

import com.sun.management.UnixOperatingSystemMXBean;
import java.lang.management.ManagementFactory;

/** The number of connections that a node accepts. Without a limit, they could exhaust its heap. */
final class ConnectionLimit {
  private static final long HEAP_PER_CONNECTION = 60 << 10;

  /** The heap that a node needs under load for everything except its connections. */
  private static final long HEAP_WITHOUT_CONNECTIONS = 32 << 20;

  private static final int LOWEST = 64;
  private static final int HIGHEST = 1 << 20;

  private ConnectionLimit() {}

  /**
   * The limit for this process. A busy connection needs up to 30 kB of heap and one file
   * descriptor. Further connections wait in the kernel until others end.
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
