package toystore.node;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import toystore.config.ConfigException;

/** The command line arguments of a node's process: pairs of a name and a value. */
final class NodeArguments {
  private static final String NAMES = "--(node|data|config|catalog|heal)";

  private final Map<String, String> values;

  private NodeArguments(Map<String, String> values) {
    this.values = values;
  }

  /**
   * Reads the arguments of a process.
   *
   * @throws ConfigException if a name is unknown or has no value
   */
  static NodeArguments parse(String[] args) {
    Map<String, String> values = new HashMap<>();
    for (int i = 0; i < args.length; i += 2) {
      if (!args[i].matches(NAMES) || i + 1 == args.length) {
        throw new ConfigException(
            "usage: --node NAME --data DIR [--config FILE] [--catalog FILE] [--heal yes]; not: "
                + args[i]);
      }
      values.put(args[i], args[i + 1]);
    }
    return new NodeArguments(values);
  }

  /** The name of the node. */
  String node() {
    return required("--node");
  }

  /** The directory that holds the directories of all nodes of this host. */
  Path data() {
    return Path.of(required("--data"));
  }

  /** The settings file, or null for the default settings. */
  @Nullable Path config() {
    String file = values.get("--config");
    return file == null ? null : Path.of(file);
  }

  /** The value of an argument, or null if it was not given. */
  @Nullable String value(String name) {
    return values.get(name);
  }

  private String required(String name) {
    String value = values.get(name);
    if (value == null) {
      throw new ConfigException("usage: --node NAME --data DIR [--config FILE]; no " + name);
    }
    return value;
  }
}
