package toystore.toyctl.chaos.check;

import java.util.List;

/** Enumerations as people write them. */
public final class Wording {
  private Wording() {}

  /** "a", "a and b", "a, b and c". */
  public static String all(List<String> names) {
    return switch (names.size()) {
      case 0 -> "nothing";
      case 1 -> names.getFirst();
      default -> String.join(", ", names.subList(0, names.size() - 1)) + " and " + names.getLast();
    };
  }
}
