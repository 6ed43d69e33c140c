package toystore.protocol.message;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.dataformat.cbor.CBORFactory;
import com.fasterxml.jackson.dataformat.cbor.CBORGenerator;
import com.fasterxml.jackson.dataformat.cbor.databind.CBORMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import toystore.protocol.api.Price;
import toystore.protocol.api.Product;
import toystore.protocol.codec.CborReader;
import toystore.protocol.codec.CborValue;
import toystore.protocol.codec.CborWriter;

class MessageCodecTest {
  private static final UUID ID = UUID.fromString("01a216e7-597e-7001-8203-040506070809");

  private final long seed = new Random().nextLong();
  private final Random random = new Random(seed);

  private UUID id() {
    return new UUID(random.nextLong(), random.nextLong());
  }

  /** A random number of any magnitude; small ones are frequent. */
  private long number() {
    return random.nextLong() >>> (1 + random.nextInt(63));
  }

  private String text() {
    StringBuilder text = new StringBuilder();
    for (int length = random.nextInt(70); length > 0; length--) {
      text.appendCodePoint("aé€\uD83E\uDDF8".codePointAt(random.nextInt(4)));
    }
    return text.toString();
  }

  private PurchaseRequest.Batch purchases() {
    List<PurchaseRequest> purchases = new ArrayList<>();
    for (int left = random.nextInt(40); left > 0; left--) {
      purchases.add(new PurchaseRequest(id(), text(), random.nextInt()));
    }
    return new PurchaseRequest.Batch(number(), purchases);
  }

  private List<UUID> ids() {
    return random.ints(random.nextInt(30)).mapToObj(i -> id()).toList();
  }

  private Hold.Batch holds() {
    List<Hold> holds = new ArrayList<>();
    for (int left = random.nextInt(40); left > 0; left--) {
      holds.add(new Hold(id(), text(), random.nextInt(), random.nextBoolean() ? id() : null));
    }
    return new Hold.Batch(holds, new Hold.Outcomes(ids(), ids()));
  }

  private ProductReadRequest.Answer noAnswer() {
    return new ProductReadRequest.Answer(null, random.nextBoolean());
  }

  private ProductReadRequest.Answer answer() {
    Price price = new Price(random.nextLong(Price.MAX_CENTS + 1));
    return new ProductReadRequest.Answer(
        new Product.Versioned(new Product(text(), price, number()), number()),
        random.nextBoolean());
  }

  private CborValue message() {
    return switch (random.nextInt(10)) {
      case 0 -> purchases();
      case 1 ->
          new PurchaseRequest.Answers(
              List.of(
                  new PurchaseRequest.Placed(number(), number(), random.nextBoolean()),
                  new PurchaseRequest.OutOfStock(number()),
                  new PurchaseRequest.UnknownProduct(),
                  new PurchaseRequest.OrderIdReused(number()),
                  new PurchaseRequest.Undecided(text())));
      case 2 -> holds();
      case 3 ->
          new Hold.Answers(
              List.of(
                  new Hold.Granted(number(), number()),
                  new Hold.InsufficientStock(number()),
                  new Hold.NoSuchProduct(),
                  new Hold.AlreadyEnded()));
      case 4 -> new CacheLeaseMessages.Invalidation(id(), List.of(text(), text()));
      case 5 -> new CacheLeaseMessages.Renewal(id(), text(), random.nextBoolean() ? id() : null);
      case 6 -> new CacheLeaseMessages.Grant(number(), random.nextBoolean(), id());
      case 7 -> new ProductReadRequest(List.of(text(), text(), text()));
      case 8 -> new ProductReadRequest.Answers(List.of(noAnswer(), answer(), noAnswer(), answer()));
      default ->
          new Hold.InDoubtBatch(
              List.of(new Hold.InDoubt(id(), null), new Hold.InDoubt(id(), id())));
    };
  }

  @Test
  @DisplayName("Random messages are read as they were written")
  void messagesSurviveEncoding() throws IOException {
    for (int i = 0; i < 2_000; i++) {
      CborValue message = message();
      assertThat(MessageCodec.fromCbor(MessageCodec.toCbor(message), message.getClass()))
          .as("seed %d, message %d", seed, i)
          .isEqualTo(message);
    }
  }

  @Test
  @DisplayName("Another CBOR library reads the messages")
  void otherCborReadersUnderstandMessages() throws IOException {
    PurchaseRequest purchase = new PurchaseRequest(ID, "Tux", 70_000);
    byte[] bytes =
        MessageCodec.toCbor(new PurchaseRequest.Batch(5_000_000_000L, List.of(purchase)));

    var tree = new CBORMapper().readTree(bytes);
    assertThat(tree.at("/0").asLong()).isEqualTo(5_000_000_000L);
    assertThat(HexFormat.of().formatHex(tree.at("/1/0/0").binaryValue()))
        .isEqualTo(ID.toString().replace("-", ""));
    assertThat(tree.at("/1/0/1").asText()).isEqualTo("Tux");
    assertThat(tree.at("/1/0/2").asInt()).isEqualTo(70_000);
  }

  @ParameterizedTest
  @DisplayName("Numbers have their shortest encoding")
  @ValueSource(
      longs = {
        0,
        23,
        24,
        255,
        256,
        65_535,
        65_536,
        0xffff_ffffL,
        0x1_0000_0000L,
        Long.MAX_VALUE,
        -1,
        -24,
        -25,
        -256,
        -257,
        Long.MIN_VALUE
      })
  void numbersHaveShortestEncoding(long value) throws IOException {
    byte[] bytes = CborWriter.bytes(out -> out.number(value));

    assertThat(bytes).isEqualTo(new CBORMapper().writeValueAsBytes(value));
    assertThat(CborReader.<Long>read(bytes, 0, CborReader::number)).isEqualTo(value);
  }

  /** Older versions let Jackson write messages, which uses arrays of indefinite length. */
  @Test
  @DisplayName("Arrays of indefinite length are read")
  void indefiniteArraysAreRead() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    CBORFactory factory =
        CBORFactory.builder().disable(CBORGenerator.Feature.WRITE_MINIMAL_INTS).build();
    try (JsonGenerator out = factory.createGenerator(bytes)) {
      out.writeStartArray();
      out.writeNumber(100L);
      out.writeStartArray();
      out.writeStartArray();
      out.writeBinary(HexFormat.of().parseHex(ID.toString().replace("-", "")));
      out.writeString("Tux");
      out.writeNumber(3);
      out.writeEndArray();
      out.writeEndArray();
      out.writeEndArray();
    }

    assertThat(MessageCodec.fromCbor(bytes.toByteArray(), PurchaseRequest.Batch.class))
        .isEqualTo(new PurchaseRequest.Batch(100, List.of(new PurchaseRequest(ID, "Tux", 3))));
  }

  @Test
  @DisplayName("A truncated message, or one with extra bytes, is rejected")
  void truncatedOrExtendedMessageIsRejected() {
    for (int i = 0; i < 20; i++) {
      CborValue message = message();
      byte[] whole = MessageCodec.toCbor(message);
      for (int length = 0; length <= whole.length + 1; length++) {
        if (length != whole.length) {
          byte[] other = Arrays.copyOf(whole, length);
          assertThatThrownBy(() -> MessageCodec.fromCbor(other, message.getClass()))
              .as("seed %d, message %d, %d of %d bytes", seed, i, length, whole.length)
              .isInstanceOf(IOException.class);
        }
      }
    }
  }

  @Test
  @DisplayName("Damaged bytes give a message or an IOException, nothing else")
  void damageGivesAnIoException() {
    for (int i = 0; i < 20_000; i++) {
      CborValue message = message();
      byte[] bytes = MessageCodec.toCbor(message);
      for (int changes = 1 + random.nextInt(3); changes > 0; changes--) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
      }
      try {
        assertThat(MessageCodec.fromCbor(bytes, message.getClass()))
            .isInstanceOf(message.getClass());
      } catch (IOException e) {
        assertThat(e).hasMessageStartingWith("invalid CBOR");
      } catch (RuntimeException | Error e) {
        throw new AssertionError("seed " + seed + ", message " + i, e);
      }
    }
  }

  /** The claimed number of elements must not determine the allocation. */
  @Test
  @DisplayName("A list that claims more elements than there are bytes is rejected")
  void listLongerThanMessageIsRejected() {
    byte[] bytes = HexFormat.of().parseHex("82" + "01" + "9a7fffffff");

    assertThatThrownBy(() -> MessageCodec.fromCbor(bytes, PurchaseRequest.Batch.class))
        .isInstanceOf(IOException.class);
  }

  @ParameterizedTest
  @DisplayName("Valid CBOR with another structure is rejected")
  @ValueSource(
      strings = {
        "a0", // a map
        "83010101", // too many elements
        "8101", // too few
        "820180" + "00", // one byte more
        "821bffffffffffffffff80", // 64 bits
        "8201818450000102030405060708090a0b0c0d0e0f6354757801", // four elements announced
        "820181834f000102030405060708090a0b0c0d0e6354757801", // an id of 15 bytes
        "820181835000010203040506070809"
            + "0a0b0c0d0e0f"
            + "7f635475"
            + "78ff01", // a text in parts
        "820181" + "8350000102030405060708090a0b0c0d0e0f635475781b0000000100000000", // too large
        "82f580", // true for a number
        "8201f6" // null for a list
      })
  void otherStructureIsRejected(String hex) {
    assertThatThrownBy(
            () -> MessageCodec.fromCbor(HexFormat.of().parseHex(hex), PurchaseRequest.Batch.class))
        .isInstanceOf(IOException.class);
  }
}
