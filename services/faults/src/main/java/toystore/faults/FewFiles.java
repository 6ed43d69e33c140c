package toystore.faults;

import java.io.IOException;

/**
 * A process may open no more files and connections than it has now, give or take a few. Only the
 * soft limit is changed, so that it can be taken back.
 */
public final class FewFiles implements Fault {
  private final Nodes nodes;
  private final String victim;
  private final int more;
  private long pid;
  private String before = "";

  /**
   * @param more how many files and connections it may still open
   */
  public FewFiles(Nodes nodes, String victim, int more) {
    this.nodes = nodes;
    this.victim = victim;
    this.more = more;
  }

  /** Whether this machine can do it. */
  public static boolean possible() {
    return Programs.has("prlimit")
        && java.nio.file.Files.isDirectory(java.nio.file.Path.of("/proc/self/fd"));
  }

  @Override
  public void inject() throws IOException, InterruptedException {
    pid = nodes.process(victim).pid();
    before =
        Programs.run(
                "prlimit", "--pid", Long.toString(pid), "--nofile", "-o", "SOFT", "--noheadings")
            .strip();
    set(Integer.toString(highestDescriptor() + 1 + more));
  }

  /** The limit is on the number of a descriptor, not on how many there are. */
  private int highestDescriptor() throws IOException {
    try (var files =
        java.nio.file.Files.list(java.nio.file.Path.of("/proc", Long.toString(pid), "fd"))) {
      return files
          .mapToInt(file -> Integer.parseInt(String.valueOf(file.getFileName())))
          .max()
          .orElse(0);
    }
  }

  private void set(String soft) throws IOException, InterruptedException {
    Programs.run("prlimit", "--pid", Long.toString(pid), "--nofile=" + soft + ":");
  }

  @Override
  public void heal() throws IOException, InterruptedException {
    // A node that ended over it begins with the usual limits.
    if (!before.isEmpty() && ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false)) {
      set(before);
    }
    nodes.start(java.util.List.of(victim));
  }

  @Override
  public String sentence() {
    return victim + " may open only " + more + " more files and connections";
  }
}
