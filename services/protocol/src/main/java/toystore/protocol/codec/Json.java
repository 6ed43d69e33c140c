package toystore.protocol.codec;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;

/**
 * JSON of the public API and of the files and reports that people read. Reading is strict: missing,
 * unknown, repeated and wrongly typed fields are errors.
 */
public final class Json {
  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .disable(StreamReadFeature.AUTO_CLOSE_SOURCE)
          .build();

  private Json() {}

  /**
   * Creates the mapper on first use. That takes a tenth of a second, and a node that only sells
   * never needs it.
   */
  private static final class Reflective {
    static final ObjectMapper MAPPER = StrictMapper.build(JsonMapper.builder(FACTORY));

    private Reflective() {}
  }

  /** The strict mapper, for trees and generic types. */
  public static ObjectMapper mapper() {
    return Reflective.MAPPER;
  }

  /** A strict parser, for reading token by token. */
  public static JsonParser parser(byte[] bytes) throws IOException {
    return FACTORY.createParser(bytes);
  }

  public static byte[] toJson(Object value) {
    try {
      return value instanceof JsonWritable writable
          ? bytes(writable)
          : Reflective.MAPPER.writeValueAsBytes(value);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot encode a " + value.getClass().getSimpleName(), e);
    }
  }

  private static byte[] bytes(JsonWritable value) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
    try (JsonGenerator out = FACTORY.createGenerator(bytes)) {
      value.write(out);
    }
    return bytes.toByteArray();
  }

  /** Writes a value as a part of another value. */
  public static void write(JsonGenerator out, Object value) throws IOException {
    switch (value) {
      case JsonWritable writable -> writable.write(out);
      case List<?> list -> {
        out.writeStartArray();
        for (Object element : list) {
          write(out, element);
        }
        out.writeEndArray();
      }
      default -> Reflective.MAPPER.writeValue(out, value);
    }
  }

  /** Reads JSON. The message of an {@link IOException} is suitable for the client. */
  public static <T> T fromJson(byte[] bytes, Class<T> type) throws IOException {
    return Reflective.MAPPER.readValue(bytes, type);
  }
}
