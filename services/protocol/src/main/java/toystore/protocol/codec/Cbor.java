package toystore.protocol.codec;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The part of CBOR (RFC 8949) that purchases and reads need on their way, written and read field by
 * field: a value is an array of its fields, an id a string of 16 bytes. What {@link Json} does by
 * reflection is a hundred times the code, and a purchase passes sixteen encodings.
 *
 * <p>Reading also takes arrays whose end is marked, as Jackson writes them.
 */
public final class Cbor {
  private static final int UNSIGNED = 0;
  private static final int NEGATIVE = 1;
  private static final int BYTES = 2;
  private static final int TEXT = 3;
  private static final int ARRAY = 4;
  private static final int SIMPLE = 7;

  private static final int FALSE = 0xf4;
  private static final int TRUE = 0xf5;
  private static final int NULL = 0xf6;
  private static final int BREAK = 0xff;

  private static final int ONE_BYTE = 24;
  private static final int INDEFINITE = 31;
  private static final int ID_BYTES = 16;

  private Cbor() {}

  /** A value that is written by hand. */
  public interface Compact {
    /** Writes the whole value. */
    void write(Out out);
  }

  /** Reads a value that is written by hand. */
  @FunctionalInterface
  public interface Reading<T> {
    /** The next value; throws {@link IOException} if what comes is none. */
    T read(In in) throws IOException;
  }

  /** The bytes of a value. */
  public static byte[] bytes(Compact value) {
    return bytes(new Out(), value);
  }

  /** A byte, and the bytes of a value after it. */
  public static byte[] bytes(byte before, Compact value) {
    return bytes(new Out().put(before), value);
  }

  private static byte[] bytes(Out out, Compact value) {
    value.write(out);
    return Arrays.copyOf(out.bytes, out.length);
  }

  /**
   * Reads a value and nothing more.
   *
   * @param from where it begins
   * @throws IOException if the bytes are anything else
   */
  public static <T> T read(byte[] bytes, int from, Reading<T> reading) throws IOException {
    In in = new In(bytes, from);
    T value = reading.read(in);
    if (in.at != bytes.length) {
      throw in.failure("the end");
    }
    return value;
  }

  /** What is written, in order. */
  public static final class Out {
    private byte[] bytes = new byte[256];
    private int length;

    /** An array of so many elements, which are written next. */
    public Out array(int elements) {
      return head(ARRAY, elements);
    }

    public Out number(long value) {
      return value < 0 ? head(NEGATIVE, ~value) : head(UNSIGNED, value);
    }

    public Out flag(boolean value) {
      return put(value ? TRUE : FALSE);
    }

    public Out text(String value) {
      byte[] utf8 = value.getBytes(UTF_8);
      head(TEXT, utf8.length);
      room(utf8.length);
      System.arraycopy(utf8, 0, bytes, length, utf8.length);
      length += utf8.length;
      return this;
    }

    public Out id(@Nullable UUID value) {
      if (value == null) {
        return put(NULL);
      }
      return head(BYTES, ID_BYTES)
          .put(value.getMostSignificantBits(), Long.BYTES)
          .put(value.getLeastSignificantBits(), Long.BYTES);
    }

    /** A list of values. */
    public Out list(List<? extends Compact> values) {
      array(values.size());
      for (Compact value : values) {
        value.write(this);
      }
      return this;
    }

    /** A list of ids. */
    public Out ids(List<UUID> values) {
      array(values.size());
      for (UUID value : values) {
        id(value);
      }
      return this;
    }

    private Out head(int major, long value) {
      int type = major << 5;
      if (value >= 0 && value < ONE_BYTE) {
        return put(type | (int) value);
      }
      int power = value >>> 32 != 0 ? 3 : value >>> 16 != 0 ? 2 : value >>> 8 != 0 ? 1 : 0;
      return put(type | (ONE_BYTE + power)).put(value, 1 << power);
    }

    private Out put(int value) {
      room(1);
      bytes[length++] = (byte) value;
      return this;
    }

    private Out put(long value, int size) {
      room(size);
      for (int shift = (size - 1) * 8; shift >= 0; shift -= 8) {
        bytes[length++] = (byte) (value >>> shift);
      }
      return this;
    }

    private void room(int more) {
      if (bytes.length - length < more) {
        bytes = Arrays.copyOf(bytes, Math.max(length + more, bytes.length * 2));
      }
    }
  }

  /** What is read, in order. Each method throws {@link IOException} where something else comes. */
  public static final class In {
    private final byte[] bytes;
    private int at;

    private In(byte[] bytes, int from) {
      this.bytes = bytes;
      this.at = from;
    }

    /** A value of so many elements, which are read as they come. */
    public <T> T array(int elements, Reading<T> reading) throws IOException {
      int size = size();
      if (size >= 0 && size != elements) {
        throw failure("an array of " + elements);
      }
      T value = reading.read(this);
      if (size < 0 && !isEnd()) {
        throw failure("the end of an array");
      }
      return value;
    }

    /** How many elements the array has that begins here; -1 if its end is marked. */
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

    /** A number that fits an int. */
    public int smallNumber() throws IOException {
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
      return new UUID(big(Long.BYTES), big(Long.BYTES));
    }

    /** An id that may be missing. */
    public @Nullable UUID idOrNull() throws IOException {
      if (at < bytes.length && (bytes[at] & 0xff) == NULL) {
        at++;
        return null;
      }
      return id();
    }

    /** A list of values. */
    public <T> List<T> list(Reading<T> reading) throws IOException {
      int size = size();
      // Each takes a byte at least: what claims to be longer is not believed.
      List<T> values = new ArrayList<>(Math.min(Math.max(size, 0), bytes.length - at));
      while (size < 0 ? !isEnd() : values.size() < size) {
        values.add(reading.read(this));
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

    /** The length of what begins with this head and has to lie in what is left. */
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
      long value = big(1 << (info - ONE_BYTE));
      if (value < 0) {
        throw failure("a number of 63 bits");
      }
      return value;
    }

    private long big(int size) throws IOException {
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

    /** What is wrong here, for who can do nothing about it but ask for other bytes. */
    public IOException failure(String wanted) {
      return new IOException("not what was expected up to byte " + at + ": " + wanted);
    }
  }
}
