package toystore.toyctl.chaos.store;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import toystore.config.Role;
import toystore.config.StoreConfig;
import toystore.config.Topology.Node;

/** Writes the settings files of a throwaway store: a common one, and one for each node. */
final class SettingsFiles {
  private static final String HOST = "127.0.0.1";

  private final ThrowawayStorePlan plan;
  private final Path directory;

  SettingsFiles(ThrowawayStorePlan plan, Path directory) {
    this.plan = plan;
    this.directory = directory;
  }

  /** The configured nodes, with as many front ends as the plan asks for. */
  List<Node> plannedNodes() {
    List<Node> nodes = new ArrayList<>();
    int frontEnds = 0;
    for (Node node : StoreConfig.load(plan.configFile()).nodes()) {
      if (node.role() != Role.FRONTEND || ++frontEnds <= plan.frontEnds()) {
        nodes.add(node);
      }
    }
    for (int id = frontEnds + 1; id <= plan.frontEnds(); id++) {
      nodes.add(new Node("frontend-" + id, Role.FRONTEND, id, HOST, 10 + id));
    }
    return List.copyOf(nodes);
  }

  /** Writes the settings that do not depend on the node, and reads them again. */
  StoreConfig writeCommon(List<Node> nodes) throws IOException {
    Path file = directory.resolve("common.yaml");
    write(file, nodes);
    return StoreConfig.load(file);
  }

  /** Writes the settings of one node. The other nodes have the addresses that it must use. */
  void write(Node node, List<Node> nodes) throws IOException {
    write(of(node), nodes);
  }

  /** The settings file of a node. */
  Path of(Node node) {
    return directory.resolve(node.name() + ".yaml");
  }

  private void write(Path file, List<Node> nodes) throws IOException {
    YAMLMapper yaml = new YAMLMapper();
    ObjectNode root = userSettings(yaml);
    ArrayNode array = root.putArray("nodes");
    for (Node node : nodes) {
      array
          .addObject()
          .put("name", node.name())
          .put("role", node.role().name().toLowerCase(Locale.ROOT))
          .put("id", node.id())
          .put("host", node.host())
          .put("port-offset", node.portOffset());
    }
    for (Map.Entry<String, String> setting : plan.settings().entrySet()) {
      String key = setting.getKey();
      int dot = key.indexOf('.');
      if (dot < 0) {
        root.put(key, setting.getValue());
      } else {
        root.withObject("/" + key.substring(0, dot))
            .put(key.substring(dot + 1), setting.getValue());
      }
    }
    yaml.writeValue(file.toFile(), root);
  }

  private ObjectNode userSettings(YAMLMapper yaml) throws IOException {
    Path file = plan.configFile();
    return file != null && yaml.readTree(file.toFile()) instanceof ObjectNode settings
        ? settings
        : yaml.createObjectNode();
  }
}
