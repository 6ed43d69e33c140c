package toystore.node.limit;

import java.util.concurrent.Semaphore;

/**
 * Limits the memory for long messages and bodies that are being received to a sixteenth of the
 * heap. Without the limit, any client could announce long bodies on thousands of connections and
 * never send them.
 */
public final class MemoryBudget {
  /** Messages up to this length need no reservation: the heap for their connection covers them. */
  public static final int SHORT_BYTES = 4 << 10;

  private static final Semaphore FREE_BYTES =
      new Semaphore(
          Math.toIntExact(Math.min(Integer.MAX_VALUE, Runtime.getRuntime().maxMemory() / 16)));

  private MemoryBudget() {}

  /**
   * Reserves memory.
   *
   * @return false if less memory than this is free; then nothing is reserved
   */
  public static boolean tryReserve(int bytes) {
    return FREE_BYTES.tryAcquire(bytes);
  }

  public static void release(int bytes) {
    FREE_BYTES.release(bytes);
  }
}
