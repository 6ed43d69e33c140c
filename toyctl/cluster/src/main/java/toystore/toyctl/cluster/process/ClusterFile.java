package toystore.toyctl.cluster.process;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import toystore.config.Role;
import toystore.config.StoreConfig;
import toystore.protocol.codec.Json;
import toystore.protocol.codec.JsonFields;
import toystore.toyctl.cluster.ExitCode;
import toystore.toyctl.cluster.ToyctlException;
import toystore.toyctl.cluster.Wordings;

/**
 * {@code cluster.json}: whose data directory this is, and how large its store was made.
 *
 * @param frontends the largest number of front ends that was asked for
 * @param catalogReplicas the number of catalog nodes, which never changes
 */
public record ClusterFile(String cluster, int portBase, int frontends, int catalogReplicas)
    implements Json.Written {
  private static final String NAME = "cluster.json";

  public static Path path(Path data) {
    return data.resolve(NAME);
  }

  @Override
  public void write(JsonGenerator out) throws IOException {
    out.writeStartObject();
    out.writeStringField("cluster", cluster);
    out.writeNumberField("port_base", portBase);
    out.writeNumberField("frontends", frontends);
    out.writeNumberField("catalog_replicas", catalogReplicas);
    out.writeEndObject();
  }

  /** What the data directory says, or null if it says nothing yet. */
  public static @Nullable ClusterFile read(Path data) {
    Path file = path(data);
    if (Files.exists(data) && !Files.isDirectory(data)) {
      throw new ToyctlException(
          ExitCode.USAGE,
          "data directory " + data,
          "it is not a directory",
          "toyctl --data OTHER_DIRECTORY up");
    }
    try {
      JsonFields fields = JsonFields.read(Files.readAllBytes(file));
      // Files of stores that could have only one of each say nothing about them.
      return fields.end(
          new ClusterFile(
              fields.text("cluster"),
              fields.smallNumber("port_base"),
              fields.smallNumber("frontends", 1),
              fields.smallNumber("catalog_replicas", 1)));
    } catch (NoSuchFileException _) {
      return null;
    } catch (IOException e) {
      throw new ToyctlException(
          ExitCode.IN_USE,
          "data directory " + data,
          file + " does not say whose it is: " + Wordings.reason(e),
          "toyctl --data OTHER_DIRECTORY up",
          e);
    }
  }

  /**
   * Refuses the data directory of another cluster: its nodes would meet Raft logs that name other
   * addresses, or stop processes that are not theirs.
   */
  public static void check(Path data, StoreConfig config) {
    ClusterFile found = read(data);
    if (found == null) {
      return;
    }
    if (!found.cluster.equals(config.cluster())) {
      throw new ToyctlException(
          ExitCode.IN_USE,
          "data directory " + data,
          "it belongs to the cluster '" + found.cluster + "', not to '" + config.cluster() + "'",
          "toyctl --data OTHER_DIRECTORY up");
    }
    if (found.portBase != config.portBase()) {
      throw new ToyctlException(
          ExitCode.IN_USE,
          "data directory " + data,
          "its store uses port base " + found.portBase + ", not " + config.portBase(),
          "toyctl --data " + data + " --port-base " + found.portBase + " status");
    }
  }

  /** Refuses to start a catalog of another size than the one whose data are here. */
  public static void checkCatalog(Path data, StoreConfig config) {
    ClusterFile found = read(data);
    int wanted = config.nodes(Role.CATALOG).size();
    if (found != null && found.catalogReplicas != wanted) {
      throw new ToyctlException(
          ExitCode.IN_USE,
          "data directory " + data,
          "its catalog is kept by "
              + nodes(found.catalogReplicas)
              + ", the settings say "
              + nodes(wanted)
              + "; catalog.replicas of a store cannot be changed, and nothing was started",
          "toyctl --config FILE_WITH_catalog.replicas:_" + found.catalogReplicas + " up");
    }
  }

  private static String nodes(int count) {
    return count == 1 ? "1 node" : count + " nodes";
  }

  /** The settings, with as many front ends and catalog nodes as the store was given. */
  public StoreConfig adopt(StoreConfig config) {
    StoreConfig grown = frontends > config.frontends() ? config.withFrontends(frontends) : config;
    return catalogReplicas > grown.catalog().replicas()
        ? grown.withCatalogReplicas(catalogReplicas)
        : grown;
  }

  /** Binds the data directory to this cluster, if it is not yet, and remembers its front ends. */
  public static void claim(Path data, StoreConfig config) throws IOException {
    ClusterFile found = read(data);
    if (found == null || found.frontends < config.frontends()) {
      Wordings.replace(
          path(data),
          Json.toJson(
              new ClusterFile(
                  config.cluster(),
                  config.portBase(),
                  config.frontends(),
                  config.nodes(Role.CATALOG).size())));
    }
  }
}
