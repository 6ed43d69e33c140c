package toystore.node;

import java.lang.System.Logger.Level;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** Closes the parts of a node in the reverse order of their registration. Thread-safe. */
final class ShutdownSequence {
  private static final System.Logger LOG = System.getLogger(ShutdownSequence.class.getName());

  private record Part(String name, AutoCloseable closing) {}

  private final Deque<Part> parts = new ArrayDeque<>();
  private final AtomicBoolean begun = new AtomicBoolean();

  /** Registers a part. The part that was registered last closes first. */
  void add(String name, AutoCloseable part) {
    synchronized (parts) {
      parts.push(new Part(name, part));
    }
  }

  /**
   * Claims the end of the process.
   *
   * @return false if another thread has claimed it before
   */
  boolean begin() {
    return begun.compareAndSet(false, true);
  }

  /** Whether the end of the process has begun. */
  boolean hasBegun() {
    return begun.get();
  }

  /** Closes all parts, also those that are registered meanwhile. */
  void closeAll() {
    for (Part part = next(); part != null; part = next()) {
      try {
        part.closing().close();
      } catch (Exception e) {
        LOG.log(Level.WARNING, "closing " + part.name() + " failed", e);
      }
    }
  }

  private @Nullable Part next() {
    synchronized (parts) {
      return parts.poll();
    }
  }
}
