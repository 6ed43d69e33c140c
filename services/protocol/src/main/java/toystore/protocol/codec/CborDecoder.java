package toystore.protocol.codec;

import java.io.IOException;

/** Reads one kind of {@link CborValue}. */
@FunctionalInterface
public interface CborDecoder<T> {
  /** Reads the next value. Throws {@link IOException} if the next bytes are something else. */
  T read(CborReader in) throws IOException;
}
