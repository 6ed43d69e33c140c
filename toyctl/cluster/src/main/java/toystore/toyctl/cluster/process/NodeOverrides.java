package toystore.toyctl.cluster.process;

import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import toystore.config.Topology.Node;

/** What the process of one node gets that the processes of other nodes may not get. */
public interface NodeOverrides {
  /** The settings file that the node reads, or null for the shipped settings alone. */
  @Nullable Path settings(Node node);

  /** Variables that are added to the environment of the process. */
  Map<String, String> environment(Node node);

  /** The same settings file for all nodes, and no environment variables. */
  static NodeOverrides sameFor(@Nullable Path configFile) {
    return new NodeOverrides() {
      @Override
      public @Nullable Path settings(Node node) {
        return configFile;
      }

      @Override
      public Map<String, String> environment(Node node) {
        return Map.of();
      }
    };
  }
}
