package toystore.db.framing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@SuppressWarnings("ByteBufferBackingArray") // the buffers are backed by arrays of their own
class LengthPrefixTest {
  private static final LengthPrefix PREFIX = new LengthPrefix(1, 1_000);

  private static byte[] bigEndian(int length) {
    return ByteBuffer.allocate(LengthPrefix.BYTES).putInt(length).array();
  }

  @Test
  @DisplayName("A frame begins with its length in four bytes, the most significant byte first.")
  void encodesBigEndian() throws IOException {
    ByteBuffer frame = PREFIX.allocate(258, 0);
    assertThat(frame.array()).hasSize(4 + 258).startsWith(0, 0, 1, 2);
    assertThat(frame.position()).isEqualTo(4);
    assertThat(PREFIX.decode(frame.array())).isEqualTo(258);
  }

  @Test
  @DisplayName("A frame may hold bytes that its length does not count.")
  void allocatesUncountedBytes() throws IOException {
    ByteBuffer frame = PREFIX.allocate(2, 1);
    assertThat(frame.remaining()).isEqualTo(3);
    assertThat(PREFIX.decode(frame.array())).isEqualTo(2);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 1_000})
  @DisplayName("A length that equals a bound is accepted.")
  void acceptsBounds(int length) throws IOException {
    assertThat(PREFIX.decode(bigEndian(length))).isEqualTo(length);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1, 1_001, Integer.MIN_VALUE, Integer.MAX_VALUE})
  @DisplayName("A length outside the bounds is rejected, and a negative one is never a length.")
  void rejectsLengthsOutOfBounds(int length) {
    assertThatThrownBy(() -> PREFIX.decode(bigEndian(length)))
        .isInstanceOf(IOException.class)
        .hasMessage("not a frame: length " + Integer.toUnsignedString(length));
  }

  @Test
  @DisplayName("A frame above the maximum is not allocated.")
  void doesNotAllocateTooLongFrames() {
    assertThatThrownBy(() -> PREFIX.allocate(1_001, 0))
        .isInstanceOf(IOException.class)
        .hasMessage("a message of 1001 bytes is too long: the limit is 1000");
  }
}
