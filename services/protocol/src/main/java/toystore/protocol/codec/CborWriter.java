package toystore.protocol.codec;

import static java.nio.charset.StandardCharsets.UTF_8;
import static toystore.protocol.codec.CborFormat.ARRAY;
import static toystore.protocol.codec.CborFormat.BYTES;
import static toystore.protocol.codec.CborFormat.FALSE;
import static toystore.protocol.codec.CborFormat.ID_BYTES;
import static toystore.protocol.codec.CborFormat.NEGATIVE;
import static toystore.protocol.codec.CborFormat.NULL;
import static toystore.protocol.codec.CborFormat.ONE_BYTE;
import static toystore.protocol.codec.CborFormat.TEXT;
import static toystore.protocol.codec.CborFormat.TRUE;
import static toystore.protocol.codec.CborFormat.UNSIGNED;

import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Writes values as CBOR, in the order of the calls. */
public final class CborWriter {
  private byte[] bytes = new byte[256];
  private int length;

  private CborWriter() {}

  /** The encoding of a value. */
  public static byte[] bytes(CborValue value) {
    return bytes(new CborWriter(), value);
  }

  /** One byte followed by the encoding of a value. */
  public static byte[] bytes(byte prefix, CborValue value) {
    return bytes(new CborWriter().put(prefix), value);
  }

  private static byte[] bytes(CborWriter out, CborValue value) {
    value.write(out);
    return Arrays.copyOf(out.bytes, out.length);
  }

  /** Begins an array. The caller writes its elements next. */
  public CborWriter array(int elements) {
    return head(ARRAY, elements);
  }

  public CborWriter number(long value) {
    return value < 0 ? head(NEGATIVE, ~value) : head(UNSIGNED, value);
  }

  public CborWriter flag(boolean value) {
    return put(value ? TRUE : FALSE);
  }

  public CborWriter text(String value) {
    byte[] utf8 = value.getBytes(UTF_8);
    head(TEXT, utf8.length);
    ensureCapacity(utf8.length);
    System.arraycopy(utf8, 0, bytes, length, utf8.length);
    length += utf8.length;
    return this;
  }

  public CborWriter id(@Nullable UUID value) {
    if (value == null) {
      return put(NULL);
    }
    return head(BYTES, ID_BYTES)
        .put(value.getMostSignificantBits(), Long.BYTES)
        .put(value.getLeastSignificantBits(), Long.BYTES);
  }

  /** A list of values. */
  public CborWriter list(List<? extends CborValue> values) {
    array(values.size());
    for (CborValue value : values) {
      value.write(this);
    }
    return this;
  }

  /** A list of ids. */
  public CborWriter ids(List<UUID> values) {
    array(values.size());
    for (UUID value : values) {
      id(value);
    }
    return this;
  }

  private CborWriter head(int major, long value) {
    int type = major << 5;
    if (value >= 0 && value < ONE_BYTE) {
      return put(type | (int) value);
    }
    int power = value >>> 32 != 0 ? 3 : value >>> 16 != 0 ? 2 : value >>> 8 != 0 ? 1 : 0;
    return put(type | (ONE_BYTE + power)).put(value, 1 << power);
  }

  private CborWriter put(int value) {
    ensureCapacity(1);
    bytes[length++] = (byte) value;
    return this;
  }

  private CborWriter put(long value, int size) {
    ensureCapacity(size);
    for (int shift = (size - 1) * 8; shift >= 0; shift -= 8) {
      bytes[length++] = (byte) (value >>> shift);
    }
    return this;
  }

  private void ensureCapacity(int more) {
    if (bytes.length - length < more) {
      bytes = Arrays.copyOf(bytes, Math.max(length + more, bytes.length * 2));
    }
  }
}
