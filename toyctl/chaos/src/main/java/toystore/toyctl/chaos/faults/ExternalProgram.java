package toystore.toyctl.chaos.faults;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/** Small programs of the operating system. */
final class ExternalProgram {
  private static final long PATIENCE_SECONDS = 30;
  private static final List<String> MORE_PLACES = List.of("/usr/sbin", "/sbin");

  private ExternalProgram() {}

  /**
   * Runs a program to its end.
   *
   * @return what it wrote
   * @throws IOException with what it wrote if it failed
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
      if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new IOException(String.join(" ", command) + " does not end");
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

  /** Whether there is such a program. */
  static boolean has(String program) {
    String path = System.getenv("PATH");
    return java.util.stream.Stream.concat(
            Pattern.compile(Pattern.quote(File.pathSeparator))
                .splitAsStream(path == null ? "" : path),
            MORE_PLACES.stream())
        .filter(directory -> !directory.isBlank())
        .anyMatch(directory -> Files.isExecutable(Path.of(directory, program)));
  }
}
