package toystore.protocol.message;

import static java.util.Map.entry;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.cbor.databind.CBORMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import toystore.protocol.codec.CborDecoder;
import toystore.protocol.codec.CborReader;
import toystore.protocol.codec.CborValue;
import toystore.protocol.codec.CborWriter;
import toystore.protocol.codec.StrictMapper;

/**
 * Encodes messages between processes, and entries of the Raft log, as CBOR. A {@link CborValue}
 * encodes itself; other values are encoded by reflection.
 */
public final class MessageCodec {
  private static final Map<Class<?>, CborDecoder<?>> DECODERS =
      Map.ofEntries(
          entry(PurchaseRequest.Batch.class, PurchaseRequest.Batch::read),
          entry(PurchaseRequest.Answers.class, PurchaseRequest.Answers::read),
          entry(Hold.Batch.class, Hold.Batch::read),
          entry(Hold.Answers.class, Hold.Answers::read),
          entry(Hold.Outcomes.class, Hold.Outcomes::read),
          entry(Hold.InDoubtBatch.class, Hold.InDoubtBatch::read),
          entry(ProductReadRequest.class, ProductReadRequest::read),
          entry(ProductReadRequest.Answers.class, ProductReadRequest.Answers::read),
          entry(CacheLeaseMessages.Renewal.class, CacheLeaseMessages.Renewal::read),
          entry(CacheLeaseMessages.Grant.class, CacheLeaseMessages.Grant::read),
          entry(CacheLeaseMessages.Invalidation.class, CacheLeaseMessages.Invalidation::read));

  private MessageCodec() {}

  /** Creates the mapper on first use, because that takes long. */
  private static final class Reflective {
    /** Does not detect repeated fields, because keeping the field names would take time. */
    static final ObjectMapper MAPPER = StrictMapper.build(CBORMapper.builder());

    private Reflective() {}
  }

  public static byte[] toCbor(Object message) {
    try {
      return message instanceof CborValue value
          ? CborWriter.bytes(value)
          : Reflective.MAPPER.writeValueAsBytes(message);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot encode a " + message.getClass().getSimpleName(), e);
    }
  }

  /**
   * Reads a message from another process of the store.
   *
   * @throws IOException if the bytes are not a message of this type
   */
  public static <T> T fromCbor(byte[] bytes, Class<T> type) throws IOException {
    CborDecoder<?> decoder = DECODERS.get(type);
    return decoder == null
        ? Reflective.MAPPER.readValue(bytes, type)
        : type.cast(CborReader.read(bytes, 0, decoder));
  }
}
