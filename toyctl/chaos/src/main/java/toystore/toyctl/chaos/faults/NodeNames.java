package toystore.toyctl.chaos.faults;

import java.util.List;

/** Lists node names in a sentence. */
final class NodeNames {
  private NodeNames() {}

  /** For example "a", "a and b", or "a, b and c". */
  static String inWords(List<String> names) {
    return switch (names.size()) {
      case 0 -> "nothing";
      case 1 -> names.getFirst();
      default -> String.join(", ", names.subList(0, names.size() - 1)) + " and " + names.getLast();
    };
  }
}
