package toystore.db.storage;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/** Reports the first fatal failure of a database, and ignores all later ones. Thread-safe. */
final class FirstFailure {
  private final Consumer<Throwable> onFatal;
  private final AtomicBoolean reported = new AtomicBoolean();

  FirstFailure(Consumer<Throwable> onFatal) {
    this.onFatal = onFatal;
  }

  void report(Throwable cause) {
    if (reported.compareAndSet(false, true)) {
      onFatal.accept(cause);
    }
  }

  boolean isReported() {
    return reported.get();
  }
}
