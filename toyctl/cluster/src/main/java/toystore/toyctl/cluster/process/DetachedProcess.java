package toystore.toyctl.cluster.process;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** Starts processes that outlive this one and the terminal that it runs in. */
final class DetachedProcess {
  private static final Path NULL_DEVICE = Path.of("/dev/null");

  private DetachedProcess() {}

  /**
   * Starts a process that appends its output to a log.
   *
   * @param environment variables that are added to the environment of this process
   */
  static Process start(List<String> command, Path log, Map<String, String> environment)
      throws IOException {
    List<String> all = new ArrayList<>(detachPrefix());
    all.addAll(command);
    ProcessBuilder builder =
        new ProcessBuilder(all)
            .redirectInput(NULL_DEVICE.toFile())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
    // The C library keeps memory arenas for each core by default, which adds up over several JVMs.
    builder.environment().putIfAbsent("MALLOC_ARENA_MAX", "2");
    builder.environment().putAll(environment);
    return builder.start();
  }

  /**
   * The words before the command that make the process survive a Ctrl-C and the hang-up of this
   * terminal. Both forms replace themselves with the JVM, so that the pid of the started process is
   * that of the JVM. {@code setsid} forks only if it leads its process group, which a child of a
   * JVM never does. Signals that a shell ignores stay ignored after {@code exec}, and the JVM
   * respects that.
   */
  private static List<String> detachPrefix() {
    return onPath("setsid")
        .map(setsid -> List.of(setsid.toString()))
        .orElse(List.of("/bin/sh", "-c", "trap '' INT HUP; exec \"$@\"", "sh"));
  }

  private static Optional<Path> onPath(String program) {
    String path = System.getenv("PATH");
    return Pattern.compile(Pattern.quote(File.pathSeparator))
        .splitAsStream(path == null ? "" : path)
        .filter(directory -> !directory.isBlank())
        .map(directory -> Path.of(directory, program))
        .filter(Files::isExecutable)
        .findFirst();
  }
}
