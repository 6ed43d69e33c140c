package toystore.toyctl.chaos.store;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import toystore.toyctl.chaos.faults.DiskFaultShim;
import toystore.toyctl.chaos.faults.LoopDisk;

/** The file systems and the fault libraries of the nodes that keep data. */
final class FaultyDisks {
  private static final int DISK_MEGABYTES = 2048;

  private final Path directory;
  private final Path data;
  private final Map<String, LoopDisk> loopDisks = new LinkedHashMap<>();
  private final Map<String, DiskFaultShim> libraries = new HashMap<>();

  /**
   * @param directory where disk images and libraries are stored
   * @param data the directory that contains a directory for each node
   */
  FaultyDisks(Path directory, Path data) {
    this.directory = directory;
    this.data = data;
  }

  /** Mounts a small file system for each of the nodes, if this machine allows it. */
  void mountLoopDisks(List<String> nodes) throws IOException, InterruptedException {
    if (LoopDisk.isSupported(directory)) {
      for (String node : nodes) {
        Path image = directory.resolve(node + ".img");
        loopDisks.put(node, LoopDisk.mount(image, data.resolve(node), DISK_MEGABYTES));
      }
    }
  }

  /** Prepares a fault library for each of the nodes, if this machine can compile it. */
  void compileLibraries(List<String> nodes) throws IOException, InterruptedException {
    if (DiskFaultShim.isSupported()) {
      Path library = DiskFaultShim.compile(directory);
      for (String node : nodes) {
        Path control = directory.resolve(node + ".disk");
        libraries.put(node, DiskFaultShim.forProcess(library, control, data.resolve(node)));
      }
    }
  }

  Map<String, LoopDisk> loopDisks() {
    return new LinkedHashMap<>(loopDisks);
  }

  Map<String, DiskFaultShim> libraries() {
    return Map.copyOf(libraries);
  }

  /** The environment variables that load the fault library into the process of a node. */
  Map<String, String> environment(String node) {
    DiskFaultShim library = libraries.get(node);
    return library == null ? Map.of() : library.environment();
  }

  void unmount() throws IOException, InterruptedException {
    for (LoopDisk disk : loopDisks.values()) {
      disk.unmount();
    }
  }
}
