package toystore.tests.system;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import toystore.protocol.codec.Json;

/** Runs {@code bin/toyctl} in a process, as a user or a script does. */
final class ToyctlProcess {
  private static final Path HOME = Path.of(System.getProperty("toyctl.home"));
  private static final long TIMEOUT_SECONDS = 120;

  private final List<String> globalOptions;

  ToyctlProcess(String... globalOptions) {
    this.globalOptions = List.of(globalOptions);
  }

  /** The exit code and the output of a command. */
  record Outcome(List<String> command, int exitCode, String out, String err) {
    /** The standard output as JSON. */
    JsonNode json() {
      try {
        return Json.mapper().readTree(out);
      } catch (IOException e) {
        throw new UncheckedIOException("the output is not JSON: " + this, e);
      }
    }

    /** Returns this outcome, or fails if the exit code is not 0. */
    Outcome succeeded() {
      if (exitCode != 0) {
        throw new AssertionError("the command failed: " + this);
      }
      return this;
    }
  }

  /** Runs a command and waits until it ends. */
  Outcome run(String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(HOME.resolve("bin/toyctl").toString());
    command.addAll(globalOptions);
    command.addAll(List.of(arguments));
    Path out = null;
    Path err = null;
    try {
      out = Files.createTempFile("toyctl", ".out");
      err = Files.createTempFile("toyctl", ".err");
      Process process =
          new ProcessBuilder(command)
              .redirectInput(Path.of("/dev/null").toFile())
              .redirectOutput(out.toFile())
              .redirectError(err.toFile())
              .start();
      if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new AssertionError(
            command + " does not end; its error output is: " + Files.readString(err, UTF_8));
      }
      return new Outcome(
          command, process.exitValue(), Files.readString(out, UTF_8), Files.readString(err, UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot run " + command, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while running " + command, e);
    } finally {
      delete(out);
      delete(err);
    }
  }

  private static void delete(@Nullable Path file) {
    if (file != null && !file.toFile().delete()) {
      file.toFile().deleteOnExit();
    }
  }
}
