package toystore.protocol.codec;

/**
 * A value that writes its own CBOR.
 *
 * <p>A value is an array of its fields, and an id is a string of 16 bytes. Purchases and reads use
 * this encoding instead of reflection, which runs a hundred times as much code. A purchase passes
 * through sixteen encodings.
 */
@FunctionalInterface
public interface CborValue {
  /** Writes the whole value. */
  void write(CborWriter out);
}
