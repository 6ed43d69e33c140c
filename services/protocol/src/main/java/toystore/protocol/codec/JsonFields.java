package toystore.protocol.codec;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads the fields of a JSON object without the mapper of {@link Json}, whose creation would slow
 * down the start of a store. It is as strict as the mapper: each field must exist exactly once,
 * must have the expected type, and must be read. Otherwise the methods throw {@link IOException}.
 */
public final class JsonFields {
  private final Map<String, @Nullable Object> unread;

  private JsonFields(Map<String, @Nullable Object> fields) {
    this.unread = fields;
  }

  /** Reads bytes that contain one object and nothing else. */
  public static JsonFields read(byte[] bytes) throws IOException {
    try (JsonParser json = Json.parser(bytes)) {
      json.nextToken();
      Object value = value(json);
      if (!(value instanceof JsonFields fields)) {
        throw new IOException("not a JSON object");
      }
      if (json.nextToken() != null) {
        throw new IOException("unexpected content after the JSON object");
      }
      return fields;
    }
  }

  private static @Nullable Object value(JsonParser json) throws IOException {
    if (!json.hasCurrentToken()) {
      throw new IOException("not a JSON object");
    }
    return switch (json.currentToken()) {
      case START_OBJECT -> {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        for (String name = json.nextFieldName(); name != null; name = json.nextFieldName()) {
          json.nextToken();
          fields.put(name, value(json));
        }
        yield new JsonFields(fields);
      }
      case START_ARRAY -> {
        List<@Nullable Object> values = new ArrayList<>();
        while (json.nextToken() != JsonToken.END_ARRAY) {
          values.add(value(json));
        }
        yield values;
      }
      case VALUE_STRING -> json.getText();
      case VALUE_NUMBER_INT -> json.getLongValue();
      case VALUE_NUMBER_FLOAT -> json.getDoubleValue();
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      case VALUE_NULL -> null;
      default -> throw new IOException("not a JSON object");
    };
  }

  public String text(String name) throws IOException {
    return required(name, textOrNull(name));
  }

  public @Nullable String textOrNull(String name) throws IOException {
    return take(name, String.class, "a string");
  }

  public long number(String name) throws IOException {
    return required(name, numberOrNull(name));
  }

  public @Nullable Long numberOrNull(String name) throws IOException {
    return take(name, Long.class, "a whole number");
  }

  /** Reads a whole number that must fit an int. */
  public int intNumber(String name) throws IOException {
    long number = number(name);
    if (number != (int) number) {
      throw new IOException("field '" + name + "' is out of range");
    }
    return (int) number;
  }

  /** Reads a whole number that must fit an int; returns the default if the field is missing. */
  public int intNumber(String name, int defaultValue) throws IOException {
    return unread.containsKey(name) ? intNumber(name) : defaultValue;
  }

  public double decimal(String name) throws IOException {
    return required(name, take(name, Number.class, "a number")).doubleValue();
  }

  /** Reads a list of objects, or null. */
  public @Nullable List<JsonFields> objectsOrNull(String name) throws IOException {
    List<?> values = take(name, List.class, "a list");
    if (values == null) {
      return null;
    }
    List<JsonFields> objects = new ArrayList<>();
    for (Object value : values) {
      if (!(value instanceof JsonFields object)) {
        throw new IOException("field '" + name + "' must be a list of objects");
      }
      objects.add(object);
    }
    return objects;
  }

  /** Checks that every field was read, and returns the value. */
  public <T> T end(T value) throws IOException {
    for (String name : unread.keySet()) {
      throw new IOException("unknown field '" + name + "'");
    }
    return value;
  }

  private <T> @Nullable T take(String name, Class<T> type, String typeName) throws IOException {
    if (!unread.containsKey(name)) {
      throw new IOException("field '" + name + "' is missing");
    }
    Object value = unread.remove(name);
    if (value != null && !type.isInstance(value)) {
      throw new IOException("field '" + name + "' must be " + typeName);
    }
    return type.cast(value);
  }

  private static <T> T required(String name, @Nullable T value) throws IOException {
    if (value == null) {
      throw new IOException("field '" + name + "' must not be null");
    }
    return value;
  }
}
