package toystore.node.limit;

import java.util.concurrent.Callable;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import toystore.node.failure.OverloadedException;

/**
 * Lets only so many requests of a costly kind work at a time, so that a crowd of them takes neither
 * the memory nor the file from all others. Further ones wait a moment and are refused then. What
 * may take long for other reasons, such as sending to a slow reader, does not belong in here.
 */
public final class Bulkhead {
  /** Less than a front end waits for a replica before it asks the next one. */
  private static final long PATIENCE_MS = 500;

  private final String what;
  private final Semaphore places;

  /**
   * So many at a time.
   *
   * @param what such requests, in words of the one who is refused
   */
  public Bulkhead(int atATime, String what) {
    this.what = what;
    this.places = new Semaphore(atATime);
  }

  /**
   * Works when it has a place.
   *
   * @throws OverloadedException if none becomes free in time
   */
  public <T> T work(Callable<T> work) throws Exception {
    if (!places.tryAcquire(PATIENCE_MS, TimeUnit.MILLISECONDS)) {
      throw new OverloadedException("too many " + what + " at a time");
    }
    try {
      return work.call();
    } finally {
      places.release();
    }
  }
}
