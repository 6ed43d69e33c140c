package toystore.protocol.codec;

import static java.nio.charset.StandardCharsets.UTF_8;
import static toystore.protocol.codec.CborFormat.ARRAY;
import static toystore.protocol.codec.CborFormat.BREAK;
import static toystore.protocol.codec.CborFormat.BYTES;
import static toystore.protocol.codec.CborFormat.FALSE;
import static toystore.protocol.codec.CborFormat.ID_BYTES;
import static toystore.protocol.codec.CborFormat.INDEFINITE;
import static toystore.protocol.codec.CborFormat.NEGATIVE;
import static toystore.protocol.codec.CborFormat.NULL;
import static toystore.protocol.codec.CborFormat.ONE_BYTE;
import static toystore.protocol.codec.CborFormat.SIMPLE;
import static toystore.protocol.codec.CborFormat.TEXT;
import static toystore.protocol.codec.CborFormat.TRUE;
import static toystore.protocol.codec.CborFormat.UNSIGNED;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Reads values from CBOR, in order. It also accepts arrays of indefinite length, which Jackson
 * writes. Each method throws {@link IOException} if the next value is of another kind.
 */
public final class CborReader {
  private final byte[] bytes;
  private int at;

  private CborReader(byte[] bytes, int from) {
    this.bytes = bytes;
    this.at = from;
  }

  /**
   * Reads one value that ends at the end of the bytes.
   *
   * @param from the index of the first byte
   * @throws IOException if the bytes are anything else
   */
  public static <T> T read(byte[] bytes, int from, CborDecoder<T> decoder) throws IOException {
    CborReader in = new CborReader(bytes, from);
    T value = decoder.read(in);
    if (in.at != bytes.length) {
      throw in.failure("the end");
    }
    return value;
  }

  /** Reads an array of a fixed number of elements. The decoder reads the elements. */
  public <T> T array(int elements, CborDecoder<T> decoder) throws IOException {
    int size = size();
    if (size >= 0 && size != elements) {
      throw failure("an array of " + elements);
    }
    T value = decoder.read(this);
    if (size < 0 && !isEnd()) {
      throw failure("the end of an array");
    }
    return value;
  }

  /** Reads the head of an array. Returns its number of elements, or -1 if it is indefinite. */
  private int size() throws IOException {
    int head = next();
    if (head == ((ARRAY << 5) | INDEFINITE)) {
      return -1;
    }
    return length(head, ARRAY, "an array");
  }

  public long number() throws IOException {
    int head = next();
    long value = argument(head);
    return switch (head >> 5) {
      case UNSIGNED -> value;
      case NEGATIVE -> ~value;
      default -> throw failure("a number");
    };
  }

  /** Reads a number that must fit an int. */
  public int intNumber() throws IOException {
    long value = number();
    if (value != (int) value) {
      throw failure("a number of 32 bits");
    }
    return (int) value;
  }

  public boolean flag() throws IOException {
    int head = next();
    if (head != TRUE && head != FALSE) {
      throw failure("true or false");
    }
    return head == TRUE;
  }

  public String text() throws IOException {
    int size = length(next(), TEXT, "a text");
    String text = new String(bytes, at, size, UTF_8);
    at += size;
    return text;
  }

  public UUID id() throws IOException {
    if (length(next(), BYTES, "an id") != ID_BYTES) {
      throw failure("an id");
    }
    return new UUID(unsigned(Long.BYTES), unsigned(Long.BYTES));
  }

  /** Reads an id or null. */
  public @Nullable UUID idOrNull() throws IOException {
    if (at < bytes.length && (bytes[at] & 0xff) == NULL) {
      at++;
      return null;
    }
    return id();
  }

  /** Reads an array of any length. */
  public <T> List<T> list(CborDecoder<T> decoder) throws IOException {
    int size = size();
    // Each element takes at least one byte, so the remaining bytes bound the allocation.
    List<T> values = new ArrayList<>(Math.min(Math.max(size, 0), bytes.length - at));
    while (size < 0 ? !isEnd() : values.size() < size) {
      values.add(decoder.read(this));
    }
    return values;
  }

  private boolean isEnd() {
    if (at < bytes.length && (bytes[at] & 0xff) == BREAK) {
      at++;
      return true;
    }
    return false;
  }

  /** Reads the length of a value, which must not exceed the remaining bytes. */
  private int length(int head, int major, String what) throws IOException {
    long length = argument(head);
    if (head >> 5 != major || length < 0 || length > bytes.length - at) {
      throw failure(what);
    }
    return (int) length;
  }

  private long argument(int head) throws IOException {
    int info = head & 0x1f;
    if (info < ONE_BYTE) {
      return info;
    }
    if (info > ONE_BYTE + 3 || head >> 5 == SIMPLE) {
      throw failure("a value");
    }
    long value = unsigned(1 << (info - ONE_BYTE));
    if (value < 0) {
      throw failure("a number of 63 bits");
    }
    return value;
  }

  private long unsigned(int size) throws IOException {
    if (bytes.length - at < size) {
      throw failure("more bytes");
    }
    long value = 0;
    for (int i = 0; i < size; i++) {
      value = (value << 8) | (bytes[at++] & 0xff);
    }
    return value;
  }

  private int next() throws IOException {
    if (at == bytes.length) {
      throw failure("more bytes");
    }
    return bytes[at++] & 0xff;
  }

  /** Creates the exception for a value that is not the expected one. */
  public IOException failure(String expected) {
    return new IOException("invalid CBOR before byte " + at + ": expected " + expected);
  }
}
