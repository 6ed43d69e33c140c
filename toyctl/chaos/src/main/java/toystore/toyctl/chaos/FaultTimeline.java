package toystore.toyctl.chaos;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/** The events of an experiment, with their times in milliseconds since its start. */
public final class FaultTimeline {
  /** One event. */
  public record Event(long ms, String what) {
    /** One line, with the time in seconds. */
    public String text() {
      return String.format(Locale.ROOT, "%8.3f s  %s", ms / 1e3, what);
    }
  }

  private final long startNanos = System.nanoTime();
  private final List<Event> events = new ArrayList<>();
  private final Consumer<Event> listener;

  /**
   * @param listener receives each event immediately
   */
  public FaultTimeline(Consumer<Event> listener) {
    this.listener = listener;
  }

  public void add(String what) {
    Event event = new Event(msOf(System.nanoTime()), what);
    synchronized (events) {
      events.add(event);
    }
    listener.accept(event);
  }

  /** Converts a {@link System#nanoTime} to milliseconds since the start. */
  public long msOf(long nanos) {
    return (nanos - startNanos) / 1_000_000;
  }

  public List<Event> events() {
    synchronized (events) {
      return List.copyOf(events);
    }
  }
}
