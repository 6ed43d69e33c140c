package toystore.protocol.codec;

/** Major types and single-byte values of CBOR (RFC 8949). */
final class CborFormat {
  static final int UNSIGNED = 0;
  static final int NEGATIVE = 1;
  static final int BYTES = 2;
  static final int TEXT = 3;
  static final int ARRAY = 4;
  static final int SIMPLE = 7;

  static final int FALSE = 0xf4;
  static final int TRUE = 0xf5;
  static final int NULL = 0xf6;

  /** Marks the end of an array of indefinite length. */
  static final int BREAK = 0xff;

  /** Additional information: the argument is in the next byte. */
  static final int ONE_BYTE = 24;

  /** Additional information: the length is indefinite. */
  static final int INDEFINITE = 31;

  static final int ID_BYTES = 16;

  private CborFormat() {}
}
