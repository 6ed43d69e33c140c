package toystore.toyctl.cluster.datadir;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import toystore.protocol.codec.JsonFields;
import toystore.protocol.codec.JsonWritable;

/**
 * The content of {@code run/NODE.json}: the process of a node that was started on this host.
 *
 * @param startedAt when the process began, in milliseconds since 1970, as reported by the operating
 *     system; it tells the process from a later one with the same pid
 * @param logStart the position in bytes at which the output of the process begins in its log
 * @param desired whether the node is meant to run
 * @param restarts how often the supervisor has restarted the node since a user started it
 */
public record RunFile(
    String node,
    long pid,
    long startedAt,
    String url,
    long logStart,
    DesiredState desired,
    int restarts)
    implements JsonWritable {
  /** Whether a node is meant to run. The names are part of the file format. */
  public enum DesiredState {
    /** The node is meant to run: the supervisor restarts it if it ends. */
    RUN,
    /** A user is stopping the node. */
    STOP,
    /** The node is meant to run, but the supervisor no longer restarts it: it failed too often. */
    LEFT_DOWN
  }

  /**
   * The tolerance when start times are compared. Linux derives them from a boot time that shifts by
   * a second when the clock is set.
   */
  private static final Duration CLOCK_JITTER = Duration.ofSeconds(3);

  @Override
  public void write(JsonGenerator out) throws IOException {
    out.writeStartObject();
    out.writeStringField("node", node);
    out.writeNumberField("pid", pid);
    out.writeNumberField("started_at", startedAt);
    out.writeStringField("url", url);
    out.writeNumberField("log_start", logStart);
    out.writeStringField("wish", desired.name());
    out.writeNumberField("restarts", restarts);
    out.writeEndObject();
  }

  /**
   * Parses what {@link #write} wrote.
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
            desiredState(fields.text("wish")),
            fields.intNumber("restarts")));
  }

  private static DesiredState desiredState(String text) throws IOException {
    try {
      return DesiredState.valueOf(text);
    } catch (IllegalArgumentException e) {
      throw new IOException("'" + text + "' is not a valid value of 'wish'", e);
    }
  }

  /** A run file for a process that has just been started by a user. */
  public static RunFile of(String node, ProcessHandle process, String url, long logStart) {
    long start = process.info().startInstant().orElseGet(Instant::now).toEpochMilli();
    return new RunFile(node, process.pid(), start, url, logStart, DesiredState.RUN, 0);
  }

  public RunFile withDesired(DesiredState other) {
    return new RunFile(node, pid, startedAt, url, logStart, other, restarts);
  }

  public RunFile withRestarts(int count) {
    return new RunFile(node, pid, startedAt, url, logStart, desired, count);
  }

  /** Whether both name the same process. */
  public boolean sameProcess(RunFile other) {
    return pid == other.pid && startedAt == other.startedAt;
  }

  /** The process, if it is alive. */
  public Optional<ProcessHandle> process() {
    return ProcessHandle.of(pid).filter(p -> ProcessLiveness.isAlive(p) && startedAsRecorded(p));
  }

  private boolean startedAsRecorded(ProcessHandle process) {
    return process
        .info()
        .startInstant()
        .map(start -> Math.abs(start.toEpochMilli() - startedAt) <= CLOCK_JITTER.toMillis())
        .orElse(true);
  }
}
