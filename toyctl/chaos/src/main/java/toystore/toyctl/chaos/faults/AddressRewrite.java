package toystore.toyctl.chaos.faults;

import static java.nio.charset.StandardCharsets.US_ASCII;

/**
 * An address in what is sent that is replaced by another one of the same length, so that nothing
 * else has to change. It is looked for within one piece: whoever sends a short message sends it as
 * one.
 */
record AddressRewrite(String from, String to) {
  static final AddressRewrite NONE = new AddressRewrite("", "");

  AddressRewrite {
    if (from.length() != to.length()) {
      throw new IllegalArgumentException(from + " and " + to + " are not as long");
    }
  }

  /** Replaces it in place wherever it is. */
  void apply(byte[] piece) {
    if (from.isEmpty()) {
      return;
    }
    byte[] wanted = from.getBytes(US_ASCII);
    byte[] given = to.getBytes(US_ASCII);
    for (int at = 0; at + wanted.length <= piece.length; at++) {
      int same = 0;
      while (same < wanted.length && piece[at + same] == wanted[same]) {
        same++;
      }
      if (same == wanted.length) {
        System.arraycopy(given, 0, piece, at, given.length);
      }
    }
  }
}
