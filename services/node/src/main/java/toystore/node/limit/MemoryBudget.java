package toystore.node.limit;

import java.util.concurrent.Semaphore;

/**
 * A sixteenth of the heap, for long messages and bodies until all of each has come. Anyone who
 * reaches a port can announce one and let it wait, on each of thousands of connections.
 */
public final class MemoryBudget {
  /** What is no longer than this needs no room: the heap for a connection covers it. */
  public static final int SHORT_BYTES = 4 << 10;

  private static final Semaphore FREE =
      new Semaphore(
          Math.toIntExact(Math.min(Integer.MAX_VALUE, Runtime.getRuntime().maxMemory() / 16)));

  private MemoryBudget() {}

  /** Takes so many bytes, or none if fewer are free. */
  public static boolean tryTake(int bytes) {
    return FREE.tryAcquire(bytes);
  }

  public static void giveBack(int bytes) {
    FREE.release(bytes);
  }
}
