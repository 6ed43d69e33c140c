package toystore.toyctl.cluster.datadir;

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
import toystore.protocol.codec.JsonWritable;
import toystore.toyctl.cluster.AtomicFile;
import toystore.toyctl.cluster.ErrorText;
import toystore.toyctl.cluster.ExitCode;
import toystore.toyctl.cluster.ToyctlException;

/**
 * The content of {@code cluster.json}: the cluster to which a data directory belongs, and its size.
 *
 * @param frontends the largest number of front ends that the store has had
 * @param catalogReplicas the number of catalog nodes, which never changes
 */
public record ClusterFile(String cluster, int portBase, int frontends, int catalogReplicas)
    implements JsonWritable {
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

  /** Reads the file, or returns null if the data directory has none yet. */
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
      // Files of early versions lack these fields; such stores have one front end and one catalog
      // node.
      return fields.end(
          new ClusterFile(
              fields.text("cluster"),
              fields.intNumber("port_base"),
              fields.intNumber("frontends", 1),
              fields.intNumber("catalog_replicas", 1)));
    } catch (NoSuchFileException _) {
      return null;
    } catch (IOException e) {
      throw new ToyctlException(
          ExitCode.IN_USE,
          "data directory " + data,
          file + " cannot be read: " + ErrorText.reason(e),
          "toyctl --data OTHER_DIRECTORY up",
          e);
    }
  }

  /**
   * Fails if the data directory belongs to another cluster. Otherwise nodes would open Raft logs
   * with the addresses of other nodes, and commands would stop processes of another store.
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

  /** Fails if the settings have another number of catalog nodes than the data directory. */
  public static void checkCatalog(Path data, StoreConfig config) {
    ClusterFile found = read(data);
    int wanted = config.nodes(Role.CATALOG).size();
    if (found != null && found.catalogReplicas != wanted) {
      throw new ToyctlException(
          ExitCode.IN_USE,
          "data directory " + data,
          "its catalog has "
              + nodes(found.catalogReplicas)
              + ", the settings say "
              + nodes(wanted)
              + "; catalog.replicas cannot change after the first start, and nothing was started",
          "toyctl --config FILE_WITH_catalog.replicas:_" + found.catalogReplicas + " up");
    }
  }

  private static String nodes(int count) {
    return count == 1 ? "1 node" : count + " nodes";
  }

  /** The settings, with as many front ends and catalog nodes as the store has. */
  public StoreConfig adopt(StoreConfig config) {
    StoreConfig grown = frontends > config.frontends() ? config.withFrontends(frontends) : config;
    return catalogReplicas > grown.catalog().replicas()
        ? grown.withCatalogReplicas(catalogReplicas)
        : grown;
  }

  /** Records the cluster in its data directory, and the number of front ends if it has grown. */
  public static void claim(Path data, StoreConfig config) throws IOException {
    ClusterFile found = read(data);
    if (found == null || found.frontends < config.frontends()) {
      AtomicFile.replace(
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
