package toystore.toyctl.cluster.process;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import toystore.protocol.codec.Json;
import toystore.protocol.codec.JsonFields;

/**
 * {@code run/NODE.json}: the process that a node was started as.
 *
 * @param startedAt when that process began, in milliseconds since 1970, as the operating system
 *     says: a pid alone may since belong to someone else
 * @param logStart where its part of the node's log begins
 * @param wish what is wanted of the node, whatever it does
 * @param restarts how often the supervisor has started it since a person did
 */
public record RunFile(
    String node, long pid, long startedAt, String url, long logStart, Wish wish, int restarts)
    implements Json.Written {
  /** What is wanted of a node. */
  public enum Wish {
    /** It shall run: a supervisor starts it again. */
    RUN,
    /** Someone is stopping it. */
    STOP,
    /** It shall run, but failed so often that the supervisor has given up. */
    LEFT_DOWN
  }

  /** Linux derives start times from a boot time that moves by a second when the clock is set. */
  private static final Duration CLOCK_JITTER = Duration.ofSeconds(3);

  @Override
  public void write(JsonGenerator out) throws IOException {
    out.writeStartObject();
    out.writeStringField("node", node);
    out.writeNumberField("pid", pid);
    out.writeNumberField("started_at", startedAt);
    out.writeStringField("url", url);
    out.writeNumberField("log_start", logStart);
    out.writeStringField("wish", wish.name());
    out.writeNumberField("restarts", restarts);
    out.writeEndObject();
  }

  /**
   * Reads what {@link #write} wrote.
   *
   * @throws IOException if the bytes are anything else
   */
  static RunFile read(byte[] json) throws IOException {
    JsonFields fields = JsonFields.read(json);
    return fields.end(
        new RunFile(
            fields.text("node"),
            fields.number("pid"),
            fields.number("started_at"),
            fields.text("url"),
            fields.number("log_start"),
            wish(fields.text("wish")),
            fields.smallNumber("restarts")));
  }

  private static Wish wish(String text) throws IOException {
    try {
      return Wish.valueOf(text);
    } catch (IllegalArgumentException e) {
      throw new IOException("'" + text + "' is nothing that is wished of a node", e);
    }
  }

  public static RunFile of(String node, ProcessHandle process, String url, long logStart) {
    long start = process.info().startInstant().orElseGet(Instant::now).toEpochMilli();
    return new RunFile(node, process.pid(), start, url, logStart, Wish.RUN, 0);
  }

  RunFile withWish(Wish other) {
    return new RunFile(node, pid, startedAt, url, logStart, other, restarts);
  }

  public RunFile withRestarts(int count) {
    return new RunFile(node, pid, startedAt, url, logStart, wish, count);
  }

  /** Whether both name the same process. */
  boolean sameProcess(RunFile other) {
    return pid == other.pid && startedAt == other.startedAt;
  }

  /** The process, if it still lives. */
  public Optional<ProcessHandle> process() {
    return ProcessHandle.of(pid).filter(p -> isAlive(p) && isThisOne(p));
  }

  private boolean isThisOne(ProcessHandle process) {
    return process
        .info()
        .startInstant()
        .map(start -> Math.abs(start.toEpochMilli() - startedAt) <= CLOCK_JITTER.toMillis())
        .orElse(true);
  }

  /**
   * Whether the process still holds anything. Java counts a zombie as alive: a killed node whose
   * starter is gone stays one where the first process of a container does not reap. While threads
   * of it are still ending, though, its ports and files are not free yet.
   */
  public static boolean isAlive(ProcessHandle process) {
    if (!process.isAlive()) {
      return false;
    }
    try {
      Path stat = Path.of("/proc", Long.toString(process.pid()), "stat");
      return !isEmptyZombie(Files.readString(stat, StandardCharsets.ISO_8859_1));
    } catch (IOException _) {
      // No /proc on this system, or the process ended just now.
      return process.isAlive();
    }
  }

  /** Reads {@code /proc/PID/stat}, see proc(5). */
  static boolean isEmptyZombie(String stat) {
    // "pid (command) state …": the command may itself contain parentheses and spaces.
    List<String> fields =
        Pattern.compile(" ")
            .splitAsStream(stat.substring(stat.lastIndexOf(')') + 1).strip())
            .toList();
    // State is the third field of the line and the first here, the number of threads the 20th.
    return fields.size() > 17 && fields.get(0).equals("Z") && Long.parseLong(fields.get(17)) <= 1;
  }
}
