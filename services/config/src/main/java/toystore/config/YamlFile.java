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
 * A settings file as it is written: maps of keys, lists, and texts. What a text means is for who
 * wants a number of it, just as with one from the environment.
 */
final class YamlFile {
  /** Deeper than any settings: a list that contains itself is. */
  private static final int DEEPEST = 20;

  private YamlFile() {}

  /**
   * Reads a file of keys and values.
   *
   * @return maps, lists, strings, and null where a key has no value
   * @throws ConfigException saying what is wrong, and in which line
   */
  static Map<String, @Nullable Object> read(Reader in, String called) throws IOException {
    try {
      Node root = new Yaml().compose(in);
      if (root instanceof MappingNode mapping) {
        return map(mapping, 0);
      }
      throw new ConfigException("not a list of keys and values");
    } catch (YAMLException e) {
      if (e.getCause() instanceof CharacterCodingException) {
        throw new ConfigException(called + ": not a text in UTF-8", e);
      }
      throw new ConfigException(called + ": " + inOneLine(e), e);
    } catch (ConfigException e) {
      throw new ConfigException(called + ": " + e.getMessage(), e);
    }
  }

  private static String inOneLine(YAMLException e) {
    if (e instanceof MarkedYAMLException marked && marked.getProblemMark() != null) {
      return place(marked.getProblemMark()) + marked.getProblem();
    }
    return String.valueOf(e.getMessage()).lines().findFirst().orElse("not YAML");
  }

  private static @Nullable Object value(Node node, int depth) {
    if (depth > DEEPEST) {
      throw wrong(node, "nested too deeply");
    }
    // No switch: one by type is put together at run time, in each process that starts.
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
    throw wrong(node, "neither a value nor a list");
  }

  private static Map<String, @Nullable Object> map(MappingNode mapping, int depth) {
    Map<String, @Nullable Object> values = new LinkedHashMap<>();
    for (NodeTuple pair : mapping.getValue()) {
      if (!(pair.getKeyNode() instanceof ScalarNode key)) {
        throw wrong(pair.getKeyNode(), "a key must be a word");
      }
      if (values.containsKey(key.getValue())) {
        throw wrong(key, "the key '" + key.getValue() + "' is given more than once");
      }
      values.put(key.getValue(), value(pair.getValueNode(), depth + 1));
    }
    return values;
  }

  private static ConfigException wrong(Node node, String what) {
    return new ConfigException(place(node.getStartMark()) + what);
  }

  private static String place(Mark mark) {
    return "line " + (mark.getLine() + 1) + ": ";
  }
}
