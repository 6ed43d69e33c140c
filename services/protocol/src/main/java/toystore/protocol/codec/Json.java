package toystore.protocol.codec;

import static java.util.Map.entry;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonSerializable;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.cfg.CoercionAction;
import com.fasterxml.jackson.databind.cfg.CoercionInputShape;
import com.fasterxml.jackson.databind.cfg.MapperBuilder;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.jsontype.TypeSerializer;
import com.fasterxml.jackson.databind.type.LogicalType;
import com.fasterxml.jackson.dataformat.cbor.databind.CBORMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import toystore.protocol.message.CacheLeaseMessages;
import toystore.protocol.message.Hold;
import toystore.protocol.message.ProductReadRequest;
import toystore.protocol.message.PurchaseRequest;

/**
 * The two encodings of the store: JSON for people and the public API, CBOR between processes and in
 * the Raft log. Both are strict: missing or wrongly typed fields are errors, and so are unknown and
 * repeated ones, but for arrays in CBOR, since a field that is silently dropped is a purchase that
 * silently differs from what was asked for.
 */
public final class Json {
  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .disable(StreamReadFeature.AUTO_CLOSE_SOURCE)
          .build();

  /** Messages that are {@link Cbor.Compact}. */
  private static final Map<Class<?>, Cbor.Reading<?>> HOT =
      Map.ofEntries(
          entry(PurchaseRequest.Batch.class, PurchaseRequest.Batch::read),
          entry(PurchaseRequest.Answers.class, PurchaseRequest.Answers::read),
          entry(Hold.Batch.class, Hold.Batch::read),
          entry(Hold.Answers.class, Hold.Answers::read),
          entry(Hold.Outcomes.class, Hold.Outcomes::read),
          entry(Hold.Doubtful.class, Hold.Doubtful::read),
          entry(ProductReadRequest.class, ProductReadRequest::read),
          entry(ProductReadRequest.Answers.class, ProductReadRequest.Answers::read),
          entry(CacheLeaseMessages.Renewal.class, CacheLeaseMessages.Renewal::read),
          entry(CacheLeaseMessages.Grant.class, CacheLeaseMessages.Grant::read),
          entry(CacheLeaseMessages.Invalidation.class, CacheLeaseMessages.Invalidation::read));

  private Json() {}

  /**
   * What writes itself: what clients are answered most often, since its fields read by reflection
   * cost a cached read a tenth of its time, and what a store writes while it starts.
   */
  public interface Written extends JsonSerializable {
    /** Writes the whole value. */
    void write(JsonGenerator out) throws IOException;

    @Override
    default void serialize(JsonGenerator out, SerializerProvider types) throws IOException {
      write(out);
    }

    @Override
    default void serializeWithType(
        JsonGenerator out, SerializerProvider types, TypeSerializer typed) throws IOException {
      write(out);
    }
  }

  /**
   * What goes by reflection. Set up when the first such value comes: that takes a tenth of a
   * second, and a node that only sells does without.
   */
  private static final class Reflective {
    static final ObjectMapper JSON = strict(JsonMapper.builder(FACTORY)).build();

    /**
     * What is hot is written as arrays; keeping the names of fields to find repeated ones costs.
     */
    static final ObjectMapper CBOR = strict(CBORMapper.builder()).build();

    private Reflective() {}

    private static <M extends ObjectMapper, B extends MapperBuilder<M, B>> B strict(B builder) {
      return builder
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .enable(
              DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES,
              DeserializationFeature.FAIL_ON_TRAILING_TOKENS,
              DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES,
              DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .disable(
              DeserializationFeature.ACCEPT_FLOAT_AS_INT, DeserializationFeature.WRAP_EXCEPTIONS)
          .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
          .withCoercionConfig(
              LogicalType.Textual,
              text ->
                  text.setCoercion(CoercionInputShape.Integer, CoercionAction.Fail)
                      .setCoercion(CoercionInputShape.Float, CoercionAction.Fail)
                      .setCoercion(CoercionInputShape.Boolean, CoercionAction.Fail));
    }
  }

  /** The strict JSON mapper itself, for trees and generic types. */
  public static ObjectMapper json() {
    return Reflective.JSON;
  }

  /** Strict JSON, token by token. */
  public static JsonParser parser(byte[] bytes) throws IOException {
    return FACTORY.createParser(bytes);
  }

  public static byte[] toJson(Object value) {
    return value instanceof Written written ? bytes(written) : write(Reflective.JSON, value);
  }

  private static byte[] bytes(Written value) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
    try (JsonGenerator out = FACTORY.createGenerator(bytes)) {
      value.write(out);
    } catch (IOException e) {
      throw cannotEncode(value, e);
    }
    return bytes.toByteArray();
  }

  /** Writes a value as a part of another. */
  public static void write(JsonGenerator out, Object value) throws IOException {
    switch (value) {
      case Written written -> written.write(out);
      case List<?> list -> {
        out.writeStartArray();
        for (Object element : list) {
          write(out, element);
        }
        out.writeEndArray();
      }
      default -> Reflective.JSON.writeValue(out, value);
    }
  }

  /** Reads JSON; throws {@link IOException} with a message fit for a client if it does not fit. */
  public static <T> T fromJson(byte[] bytes, Class<T> type) throws IOException {
    return Reflective.JSON.readValue(bytes, type);
  }

  /** Writes CBOR: what is hot without reflection. */
  public static byte[] toCbor(Object value) {
    return value instanceof Cbor.Compact hot ? Cbor.bytes(hot) : write(Reflective.CBOR, value);
  }

  /** Reads CBOR that another process of the store wrote. */
  public static <T> T fromCbor(byte[] bytes, Class<T> type) throws IOException {
    Cbor.Reading<?> hot = HOT.get(type);
    return hot == null
        ? Reflective.CBOR.readValue(bytes, type)
        : type.cast(Cbor.read(bytes, 0, hot));
  }

  private static byte[] write(ObjectMapper mapper, Object value) {
    try {
      return mapper.writeValueAsBytes(value);
    } catch (JsonProcessingException e) {
      throw cannotEncode(value, e);
    }
  }

  private static UncheckedIOException cannotEncode(Object value, IOException e) {
    return new UncheckedIOException("cannot encode a " + value.getClass().getSimpleName(), e);
  }
}
