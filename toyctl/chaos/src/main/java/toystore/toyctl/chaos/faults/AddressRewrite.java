package toystore.toyctl.chaos.faults;

import static java.nio.charset.StandardCharsets.US_ASCII;

/**
 * Replaces an address in the transmitted bytes with another address of the same length, so that
 * lengths in the message stay correct. Each chunk is searched separately: a node sends a short
 * message in one piece.
 */
record AddressRewrite(String from, String to) {
  static final AddressRewrite NONE = new AddressRewrite("", "");

  AddressRewrite {
    if (from.length() != to.length()) {
      throw new IllegalArgumentException(from + " and " + to + " differ in length");
    }
  }

  /** Replaces every occurrence in place. */
  void apply(byte[] chunk) {
    if (from.isEmpty()) {
      return;
    }
    byte[] original = from.getBytes(US_ASCII);
    byte[] replacement = to.getBytes(US_ASCII);
    for (int at = 0; at + original.length <= chunk.length; at++) {
      int same = 0;
      while (same < original.length && chunk[at + same] == original[same]) {
        same++;
      }
      if (same == original.length) {
        System.arraycopy(replacement, 0, chunk, at, replacement.length);
      }
    }
  }
}
