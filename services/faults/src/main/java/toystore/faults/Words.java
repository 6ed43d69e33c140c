package toystore.faults;

import java.util.List;

/** Enumerations as people write them. */
final class Words {
  private Words() {}

  /** "a", "a and b", "a, b and c". */
  static String all(List<String> names) {
    return switch (names.size()) {
      case 0 -> "nothing";
      case 1 -> names.getFirst();
      default -> String.join(", ", names.subList(0, names.size() - 1)) + " and " + names.getLast();
    };
  }
}
