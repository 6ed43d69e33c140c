package toystore.node.limit;

import java.util.concurrent.Callable;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import toystore.node.failure.OverloadedException;

/**
 * Limits the number of expensive requests that run at once, so that many of them cannot exhaust the
 * memory or the connections to the file. Further requests wait for a short time and are then
 * refused. Do not run work in a bulkhead that may be slow for another reason, such as sending to a
 * slow client.
 */
public final class Bulkhead {
  /** Less than the time after which a front end tries the next replica. */
  private static final long MAX_WAIT_MS = 500;

  private final String requests;
  private final Semaphore permits;

  /**
   * Creates a bulkhead.
   *
   * @param maxConcurrent the maximum number of requests that run at once
   * @param requests what the requests are, in the plural, for the message of a refusal
   */
  public Bulkhead(int maxConcurrent, String requests) {
    this.requests = requests;
    this.permits = new Semaphore(maxConcurrent);
  }

  /**
   * Runs a request as soon as the limit allows.
   *
   * @throws OverloadedException if the limit does not allow it in time
   */
  public <T> T run(Callable<T> request) throws Exception {
    if (!permits.tryAcquire(MAX_WAIT_MS, TimeUnit.MILLISECONDS)) {
      throw new OverloadedException("too many " + requests + " at a time");
    }
    try {
      return request.call();
    } finally {
      permits.release();
    }
  }
}
