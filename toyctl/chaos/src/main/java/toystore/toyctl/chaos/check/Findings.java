package toystore.toyctl.chaos.check;

import java.util.ArrayList;
import java.util.List;

/** What was found to be wrong, in words: the first of them, and how many there are. */
public final class Findings {
  private static final int KEPT = 50;

  private final List<String> first = new ArrayList<>();
  private long count;

  public synchronized void add(String finding) {
    count++;
    if (first.size() < KEPT) {
      first.add(finding);
    }
  }

  public synchronized long count() {
    return count;
  }

  public synchronized List<String> first() {
    return List.copyOf(first);
  }
}
