package toystore.config;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Creates records from settings. The key of a record component is its name in kebab case. Every
 * problem is a {@link ConfigException} whose message begins with the key.
 *
 * <p>This class does the work of Jackson in a fifth of the time, because Jackson spends most of its
 * time on initialization. Every process of the store reads settings before anything else.
 */
final class RecordBinder {
  private static final Pattern NUMBER = Pattern.compile("[-+]?(0|[1-9][0-9_]*|0x[0-9a-fA-F_]+)");

  private RecordBinder() {}

  static <R extends Record> R bind(Class<R> type, Map<String, @Nullable Object> values) {
    return bind(type, values, "");
  }

  private static <R extends Record> R bind(
      Class<R> type, Map<String, @Nullable Object> values, String prefix) {
    RecordComponent[] components = type.getRecordComponents();
    Object[] arguments = new Object[components.length];
    Set<String> unknown = new HashSet<>(values.keySet());
    for (int i = 0; i < components.length; i++) {
      String name = kebab(components[i].getName());
      unknown.remove(name);
      arguments[i] = convert(values.get(name), components[i].getGenericType(), prefix + name);
    }
    for (String name : unknown) {
      throw new ConfigException(
          "unknown key '"
              + name
              + "'"
              + (prefix.isEmpty() ? "" : " in " + prefix.substring(0, prefix.length() - 1)));
    }
    return construct(type, components, arguments);
  }

  private static <R extends Record> R construct(
      Class<R> type, RecordComponent[] components, Object[] arguments) {
    Class<?>[] parameters =
        Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
    try {
      return type.getDeclaredConstructor(parameters).newInstance(arguments);
    } catch (InvocationTargetException e) {
      if (e.getCause() instanceof ConfigException own) {
        throw own;
      }
      throw new IllegalStateException("cannot create " + type, e);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("cannot create " + type, e);
    }
  }

  private static Object convert(@Nullable Object value, Type type, String key) {
    if (value == null) {
      throw new ConfigException(key + ": the value is missing");
    }
    if (type instanceof ParameterizedType list) {
      return list(value, (Class<?>) list.getActualTypeArguments()[0], key);
    }
    Class<?> wanted = (Class<?>) type;
    if (wanted.isRecord()) {
      return bind(wanted.asSubclass(Record.class), keys(value, key), key + ".");
    }
    if (!(value instanceof String text)) {
      throw new ConfigException(key + ": must be a single value");
    }
    return wanted == String.class ? text : scalar(text.strip(), wanted, key);
  }

  private static List<Object> list(Object value, Class<?> element, String key) {
    if (!(value instanceof List<?> elements)) {
      throw new ConfigException(key + ": must be a list");
    }
    List<Object> converted = new ArrayList<>();
    for (Object one : elements) {
      converted.add(convert(one, element, key + "[" + converted.size() + "]"));
    }
    return converted;
  }

  /** Casts a value that must consist of keys and values. */
  @SuppressWarnings("unchecked")
  static Map<String, @Nullable Object> keys(@Nullable Object value, String key) {
    if (value instanceof Map<?, ?> map) {
      return (Map<String, @Nullable Object>) map;
    }
    throw new ConfigException("'" + key + "' must have keys");
  }

  private static Object scalar(String text, Class<?> wanted, String key) {
    if (wanted == int.class) {
      return number(text, key);
    }
    if (wanted == boolean.class) {
      return flag(text, key);
    }
    if (wanted == Duration.class) {
      return Durations.parse(text, key);
    }
    if (wanted.isEnum()) {
      return constant(text, wanted, key);
    }
    throw new IllegalStateException("settings cannot have the type " + wanted);
  }

  /**
   * Reads a whole number in a YAML form, such as {@code 65_536} or {@code 0x10000}. Rejects leading
   * zeros, because YAML reads such a number as octal, which is rarely intended.
   */
  private static int number(String text, String key) {
    try {
      if (!NUMBER.matcher(text).matches()) {
        throw new NumberFormatException("not in a supported form");
      }
      return Integer.decode(text.replace("_", ""));
    } catch (NumberFormatException e) {
      throw new ConfigException(key + ": '" + text + "' is not a whole number", e);
    }
  }

  private static boolean flag(String text, String key) {
    return switch (text.toLowerCase(Locale.ROOT)) {
      case "true", "yes", "on" -> true;
      case "false", "no", "off" -> false;
      default -> throw new ConfigException(key + ": '" + text + "' is neither true nor false");
    };
  }

  private static Object constant(String text, Class<?> wanted, String key) {
    List<String> words = new ArrayList<>();
    for (Object constant : wanted.getEnumConstants()) {
      String word = ((Enum<?>) constant).name().toLowerCase(Locale.ROOT);
      if (word.equals(text)) {
        return constant;
      }
      words.add(word);
    }
    throw new ConfigException(key + ": '" + text + "' is not one of " + String.join(", ", words));
  }

  /** The key of a component: {@code maxBodyBytes} becomes {@code max-body-bytes}. */
  private static String kebab(String name) {
    StringBuilder key = new StringBuilder();
    for (int i = 0; i < name.length(); i++) {
      char letter = name.charAt(i);
      if (Character.isUpperCase(letter)) {
        key.append('-');
      }
      key.append(Character.toLowerCase(letter));
    }
    return key.toString();
  }
}
