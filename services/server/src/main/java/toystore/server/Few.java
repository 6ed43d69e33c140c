package toystore.server;

import io.helidon.webserver.http.Handler;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Lets only so many requests of a costly kind be at work at a time, so that a crowd of them takes
 * neither the memory nor the file from all others. Further ones wait a moment and are refused then.
 */
public final class Few {
  private static final long PATIENCE_S = 1;

  private final String what;
  private final Semaphore places;

  /**
   * So many at a time.
   *
   * @param what such requests, in words of the one who is refused
   */
  public Few(int atATime, String what) {
    this.what = what;
    this.places = new Semaphore(atATime);
  }

  /** The handler, for those who get a place. */
  public Handler of(Handler handler) {
    return (request, response) -> {
      if (!places.tryAcquire(PATIENCE_S, TimeUnit.SECONDS)) {
        throw new OverloadedException("too many " + what + " at a time");
      }
      try {
        handler.handle(request, response);
      } finally {
        places.release();
      }
    };
  }
}
