package toystore.config;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Reads the sources of {@link StoreConfig} one after the other. Each overrides the ones before. */
final class SettingsReader {
  private final Map<String, @Nullable Object> tree;

  private SettingsReader(Map<String, @Nullable Object> tree) {
    this.tree = tree;
  }

  /** Reads the settings file of the distribution. */
  static SettingsReader shipped() {
    try (InputStream in = SettingsReader.class.getResourceAsStream("toystore.yaml")) {
      if (in == null) {
        throw new IllegalStateException("toystore.yaml is missing from the distribution");
      }
      return new SettingsReader(
          YamlFile.read(new InputStreamReader(in, UTF_8), "the shipped toystore.yaml"));
    } catch (IOException e) {
      throw new IllegalStateException("the shipped toystore.yaml is unreadable", e);
    }
  }

  StoreConfig config() {
    return RecordBinder.bind(SettingsFile.class, tree).config();
  }

  /** Overrides the keys that a user's file contains. */
  SettingsReader overriddenBy(Path file) {
    try (Reader in = Files.newBufferedReader(file)) {
      overlay(tree, YamlFile.read(in, file.toString()), "", file.toString());
      return this;
    } catch (NoSuchFileException e) {
      throw new ConfigException(file + ": there is no such file", e);
    } catch (IOException e) {
      throw new ConfigException(file + ": " + e.getMessage(), e);
    }
  }

  private static void overlay(
      Map<String, @Nullable Object> known,
      Map<String, @Nullable Object> given,
      String prefix,
      String source) {
    given.forEach(
        (name, value) -> {
          String key = prefix + name;
          if (!known.containsKey(name)) {
            throw new ConfigException(source + ": unknown key '" + key + "'");
          }
          Object shipped = known.get(name);
          if (shipped instanceof Map) {
            Map<String, @Nullable Object> inner = RecordBinder.keys(shipped, key);
            overlay(inner, keys(value, key, source), key + ".", source);
          } else {
            known.put(name, value);
          }
        });
  }

  private static Map<String, @Nullable Object> keys(
      @Nullable Object value, String key, String source) {
    try {
      return RecordBinder.keys(value, key);
    } catch (ConfigException e) {
      throw new ConfigException(source + ": " + e.getMessage(), e);
    }
  }

  /** Overrides keys by environment variables such as {@code TOYSTORE_CACHE_SIZE}. */
  SettingsReader overriddenBy(Map<String, String> environment) {
    environment.forEach(
        (name, value) -> {
          if (name.startsWith(StoreConfig.ENVIRONMENT_PREFIX)) {
            String suffix =
                name.substring(StoreConfig.ENVIRONMENT_PREFIX.length()).toLowerCase(Locale.ROOT);
            String key =
                keys(tree, "")
                    .filter(k -> k.replace('.', '_').replace('-', '_').equals(suffix))
                    .findFirst()
                    .orElse("");
            if (!override(tree, key, value)) {
              throw new ConfigException(
                  "environment variable " + name + ": no key with a single value has this name");
            }
          }
        });
    return this;
  }

  private static Stream<String> keys(Map<String, @Nullable Object> tree, String prefix) {
    return tree.entrySet().stream()
        .flatMap(
            entry -> {
              String key = prefix + entry.getKey();
              return entry.getValue() instanceof Map
                  ? keys(RecordBinder.keys(entry.getValue(), key), key + ".")
                  : Stream.of(key);
            });
  }

  /** Overrides keys by system properties such as {@code toystore.cache.size}. */
  SettingsReader overriddenBy(Properties properties) {
    for (String name : properties.stringPropertyNames()) {
      if (name.startsWith(StoreConfig.PROPERTY_PREFIX)) {
        String key = name.substring(StoreConfig.PROPERTY_PREFIX.length());
        if (!override(tree, key, properties.getProperty(name))) {
          throw new ConfigException("system property " + name + ": unknown key '" + key + "'");
        }
      }
    }
    return this;
  }

  /** Sets a key that has a single value. Returns false if there is no such key. */
  private static boolean override(Map<String, @Nullable Object> tree, String key, String value) {
    int dot = key.indexOf('.');
    if (dot >= 0) {
      String first = key.substring(0, dot);
      return tree.get(first) instanceof Map
          && override(RecordBinder.keys(tree.get(first), first), key.substring(dot + 1), value);
    }
    Object old = tree.get(key);
    if (!tree.containsKey(key) || old instanceof Map || old instanceof List) {
      return false;
    }
    tree.put(key, value);
    return true;
  }
}
