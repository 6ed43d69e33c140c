package toystore.toyctl.chaos.faults;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Runs programs of the operating system. */
final class ExternalProgram {
  private static final long TIMEOUT_SECONDS = 30;

  /** Directories that are not on the path of every user. */
  private static final List<String> SYSTEM_DIRECTORIES = List.of("/usr/sbin", "/sbin");

  private ExternalProgram() {}

  /**
   * Runs a program and waits until it ends.
   *
   * @return its output
   * @throws IOException if the program fails; the message contains its output
   */
  static String run(String... command) throws IOException, InterruptedException {
    Path out = Files.createTempFile("toystore", ".out");
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectInput(new File("/dev/null"))
              .redirectOutput(out.toFile())
              .start();
      if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new IOException(
            String.join(" ", command) + " did not end within " + TIMEOUT_SECONDS + " s");
      }
      String text = Files.readString(out, StandardCharsets.UTF_8).strip();
      if (process.exitValue() != 0) {
        throw new IOException(
            String.join(" ", command) + " failed with " + process.exitValue() + ": " + text);
      }
      return text;
    } finally {
      Files.delete(out);
    }
  }

  /** Whether the program is installed. */
  static boolean exists(String program) {
    String path = System.getenv("PATH");
    return Stream.concat(
            Pattern.compile(Pattern.quote(File.pathSeparator))
                .splitAsStream(path == null ? "" : path),
            SYSTEM_DIRECTORIES.stream())
        .filter(directory -> !directory.isBlank())
        .anyMatch(directory -> Files.isExecutable(Path.of(directory, program)));
  }
}
