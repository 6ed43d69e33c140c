package toystore.toyctl.chaos.faults;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * A running process gets no more of something than it has now, give or take a little. Only the soft
 * limit is changed, so that it can be taken back.
 */
public final class ResourceLimitFault implements Fault {
  /** What there may be too little of. */
  private enum What {
    FILES("nofile"),
    MEMORY("as");

    private final String resource;

    What(String resource) {
      this.resource = resource;
    }
  }

  private final StoreProcesses nodes;
  private final String victim;
  private final What what;
  private final long more;
  private final String sentence;
  private long pid;
  private String before = "";

  private ResourceLimitFault(
      StoreProcesses nodes, String victim, What what, long more, String sentence) {
    this.nodes = nodes;
    this.victim = victim;
    this.what = what;
    this.more = more;
    this.sentence = sentence;
  }

  /** A node may open only so many more files and connections. */
  public static ResourceLimitFault ofFiles(StoreProcesses nodes, String victim, int more) {
    return new ResourceLimitFault(
        nodes,
        victim,
        What.FILES,
        more,
        victim + " may open only " + more + " more files and connections");
  }

  /** A node's address space may grow by only so many MiB: the next thread may be one too many. */
  public static ResourceLimitFault ofMemory(StoreProcesses nodes, String victim, int moreMib) {
    return new ResourceLimitFault(
        nodes,
        victim,
        What.MEMORY,
        moreMib * 1024L * 1024,
        victim + " may get only " + moreMib + " MiB of memory more");
  }

  /** Whether this machine can do it. */
  public static boolean possible() {
    return ExternalProgram.has("prlimit") && Files.isDirectory(Path.of("/proc/self/fd"));
  }

  @Override
  public void inject() throws IOException, InterruptedException {
    pid = nodes.process(victim).pid();
    before =
        ExternalProgram.run(
                "prlimit",
                "--pid",
                Long.toString(pid),
                "--" + what.resource,
                "-o",
                "SOFT",
                "--noheadings")
            .strip();
    set(Long.toString(used() + more));
  }

  private long used() throws IOException {
    return switch (what) {
      case FILES -> highestDescriptor() + 1;
      case MEMORY -> addressSpace();
    };
  }

  /** The limit is on the number of a descriptor, not on how many there are. */
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
          .orElseThrow(() -> new IOException(status + " does not tell the size"));
    }
  }

  private void set(String soft) throws IOException, InterruptedException {
    ExternalProgram.run(
        "prlimit", "--pid", Long.toString(pid), "--" + what.resource + "=" + soft + ":");
  }

  @Override
  public void heal() throws IOException, InterruptedException {
    // A node that ended over it begins with the usual limits.
    if (!before.isEmpty() && ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false)) {
      set(before);
    }
    nodes.start(List.of(victim));
  }

  @Override
  public String sentence() {
    return sentence;
  }
}
