package toystore.toyctl.chaos.check;

import java.util.ArrayList;
import java.util.List;

/** The violations that the checkers found: descriptions of the first ones, and the count of all. */
public final class Violations {
  private static final int KEPT = 50;

  private final List<String> first = new ArrayList<>();
  private long count;

  public synchronized void add(String description) {
    count++;
    if (first.size() < KEPT) {
      first.add(description);
    }
  }

  public synchronized long count() {
    return count;
  }

  /** The descriptions of the first violations. */
  public synchronized List<String> first() {
    return List.copyOf(first);
  }
}
