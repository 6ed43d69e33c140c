package toystore.toyctl.chaos.check;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/** What happened when, in milliseconds since the beginning. */
public final class FaultTimeline {
  /** One line. */
  public record Event(long ms, String what) {
    /** With its time in seconds before it. */
    public String text() {
      return String.format(Locale.ROOT, "%8.3f s  %s", ms / 1e3, what);
    }
  }

  private final long begunNanos = System.nanoTime();
  private final List<Event> events = new ArrayList<>();
  private final Consumer<Event> listener;

  /**
   * @param listener told of each event at once
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

  /** A {@link System#nanoTime} in milliseconds since the beginning. */
  public long msOf(long nanos) {
    return (nanos - begunNanos) / 1_000_000;
  }

  public List<Event> events() {
    synchronized (events) {
      return List.copyOf(events);
    }
  }
}
