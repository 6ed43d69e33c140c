package toystore.config;

import java.io.IOException;
import java.io.Reader;
import java.nio.charset.CharacterCodingException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.nodes.Tag;

/**
 * Reads a settings file into maps, lists and strings. It does not convert strings to numbers or
 * other types; {@link RecordBinder} does that for the file and the environment alike.
 */
final class YamlFile {
  /** Settings are less deep. Only a list that contains itself reaches this depth. */
  private static final int MAX_DEPTH = 20;

  private YamlFile() {}

  /**
   * Reads a file of keys and values.
   *
   * @param fileName for error messages
   * @return maps, lists, strings, and null where a key has no value
   * @throws ConfigException if the file is invalid; the message contains the line
   */
  static Map<String, @Nullable Object> read(Reader in, String fileName) throws IOException {
    try {
      Node root = new Yaml().compose(in);
      if (root instanceof MappingNode mapping) {
        return map(mapping, 0);
      }
      throw new ConfigException("must consist of keys and values");
    } catch (YAMLException e) {
      if (e.getCause() instanceof CharacterCodingException) {
        throw new ConfigException(fileName + ": is not UTF-8 text", e);
      }
      throw new ConfigException(fileName + ": " + message(e), e);
    } catch (ConfigException e) {
      throw new ConfigException(fileName + ": " + e.getMessage(), e);
    }
  }

  private static String message(YAMLException e) {
    if (e instanceof MarkedYAMLException marked && marked.getProblemMark() != null) {
      return line(marked.getProblemMark()) + marked.getProblem();
    }
    return String.valueOf(e.getMessage()).lines().findFirst().orElse("not YAML");
  }

  private static @Nullable Object value(Node node, int depth) {
    if (depth > MAX_DEPTH) {
      throw error(node, "nested too deeply");
    }
    // Not a pattern switch: the JVM generates its code at run time, in every process that starts.
    if (node instanceof ScalarNode scalar) {
      return scalar.getTag().equals(Tag.NULL) ? null : scalar.getValue();
    }
    if (node instanceof MappingNode mapping) {
      return map(mapping, depth);
    }
    if (node instanceof SequenceNode sequence) {
      List<@Nullable Object> values = new ArrayList<>();
      sequence.getValue().forEach(element -> values.add(value(element, depth + 1)));
      return values;
    }
    throw error(node, "neither a value nor a list");
  }

  private static Map<String, @Nullable Object> map(MappingNode mapping, int depth) {
    Map<String, @Nullable Object> values = new LinkedHashMap<>();
    for (NodeTuple pair : mapping.getValue()) {
      if (!(pair.getKeyNode() instanceof ScalarNode key)) {
        throw error(pair.getKeyNode(), "a key must be a single word");
      }
      if (values.containsKey(key.getValue())) {
        throw error(key, "the key '" + key.getValue() + "' is given more than once");
      }
      values.put(key.getValue(), value(pair.getValueNode(), depth + 1));
    }
    return values;
  }

  private static ConfigException error(Node node, String problem) {
    return new ConfigException(line(node.getStartMark()) + problem);
  }

  private static String line(Mark mark) {
    return "line " + (mark.getLine() + 1) + ": ";
  }
}
