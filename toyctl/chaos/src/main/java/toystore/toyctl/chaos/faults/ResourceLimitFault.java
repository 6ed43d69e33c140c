package toystore.toyctl.chaos.faults;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * Limits a resource of a running process to little more than its present use. Only the soft limit
 * is changed, so that it can be raised again.
 */
public final class ResourceLimitFault implements Fault {
  private enum Resource {
    FILES("nofile"),
    MEMORY("as");

    private final String option;

    Resource(String option) {
      this.option = option;
    }
  }

  private final StoreProcesses processes;
  private final String node;
  private final Resource resource;
  private final long additional;
  private final String description;
  private long pid;
  private String softLimitBefore = "";

  private ResourceLimitFault(
      StoreProcesses processes,
      String node,
      Resource resource,
      long additional,
      String description) {
    this.processes = processes;
    this.node = node;
    this.resource = resource;
    this.additional = additional;
    this.description = description;
  }

  /** Lets the node open only this many additional files and connections. */
  public static ResourceLimitFault ofFiles(StoreProcesses processes, String node, int additional) {
    return new ResourceLimitFault(
        processes,
        node,
        Resource.FILES,
        additional,
        node + " can open only " + additional + " more files and connections");
  }

  /**
   * Lets the address space of the node grow by only this many MiB. Even the start of a thread can
   * then fail.
   */
  public static ResourceLimitFault ofMemory(
      StoreProcesses processes, String node, int additionalMib) {
    return new ResourceLimitFault(
        processes,
        node,
        Resource.MEMORY,
        additionalMib * 1024L * 1024,
        node + " can allocate only " + additionalMib + " MiB more memory");
  }

  /** Whether this machine can change the limits of a running process. */
  public static boolean isSupported() {
    return ExternalProgram.exists("prlimit") && Files.isDirectory(Path.of("/proc/self/fd"));
  }

  @Override
  public void inject() throws IOException, InterruptedException {
    pid = processes.process(node).pid();
    softLimitBefore =
        ExternalProgram.run(
                "prlimit",
                "--pid",
                Long.toString(pid),
                "--" + resource.option,
                "-o",
                "SOFT",
                "--noheadings")
            .strip();
    setSoftLimit(Long.toString(used() + additional));
  }

  private long used() throws IOException {
    return switch (resource) {
      case FILES -> highestDescriptor() + 1;
      case MEMORY -> addressSpace();
    };
  }

  /** The kernel limits the number of a descriptor, not the count of open descriptors. */
  private long highestDescriptor() throws IOException {
    try (Stream<Path> files = Files.list(Path.of("/proc", Long.toString(pid), "fd"))) {
      return files
          .mapToLong(file -> Long.parseLong(String.valueOf(file.getFileName())))
          .max()
          .orElse(0);
    }
  }

  private long addressSpace() throws IOException {
    Path status = Path.of("/proc", Long.toString(pid), "status");
    try (Stream<String> lines = Files.lines(status, StandardCharsets.US_ASCII)) {
      return lines
          .filter(line -> line.startsWith("VmSize:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
          .findFirst()
          .orElseThrow(() -> new IOException(status + " does not contain VmSize"));
    }
  }

  private void setSoftLimit(String limit) throws IOException, InterruptedException {
    ExternalProgram.run(
        "prlimit", "--pid", Long.toString(pid), "--" + resource.option + "=" + limit + ":");
  }

  @Override
  public void heal() throws IOException, InterruptedException {
    // A node that ended because of the limit is started with the usual limits.
    if (!softLimitBefore.isEmpty()
        && ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false)) {
      setSoftLimit(softLimitBefore);
    }
    processes.start(List.of(node));
  }

  @Override
  public String description() {
    return description;
  }
}
