package toystore.db.raft.transport;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import toystore.db.log.LogPosition;
import toystore.db.raft.core.AppendEntries;
import toystore.db.raft.core.AppendEntriesResponse;
import toystore.db.raft.core.LogEntry;
import toystore.db.raft.core.RequestVote;
import toystore.db.raft.core.RequestVoteResponse;

/**
 * What members say to each other, in bytes: numbers of eight, names with their length in one,
 * entries as {@link LogEntry} has them.
 */
public final class RaftMessageCodec {
  private static final int LONGEST_NAME = 255;

  private RaftMessageCodec() {}

  @FunctionalInterface
  private interface Reading<T> {
    T from(ByteBuffer in) throws IOException;
  }

  private static <T> T read(byte[] message, Reading<T> reading) throws IOException {
    ByteBuffer in = ByteBuffer.wrap(message);
    try {
      T read = reading.from(in);
      if (in.hasRemaining()) {
        throw new IOException("a message goes on where it should end");
      }
      return read;
    } catch (BufferUnderflowException e) {
      throw new IOException("a message ends where it should go on", e);
    }
  }

  private static byte[] name(String name) {
    byte[] bytes = name.getBytes(UTF_8);
    if (bytes.length > LONGEST_NAME) {
      throw new IllegalArgumentException("the name '" + name + "' is too long");
    }
    return bytes;
  }

  private static void putName(ByteBuffer out, byte[] name) {
    out.put((byte) name.length).put(name);
  }

  private static String name(ByteBuffer in) {
    byte[] name = new byte[Byte.toUnsignedInt(in.get())];
    in.get(name);
    return new String(name, UTF_8);
  }

  private static void putFlag(ByteBuffer out, boolean flag) {
    out.put((byte) (flag ? 1 : 0));
  }

  private static boolean flag(ByteBuffer in) throws IOException {
    byte flag = in.get();
    if (flag != 0 && flag != 1) {
      throw new IOException("neither yes nor no: " + flag);
    }
    return flag == 1;
  }

  private static void put(ByteBuffer out, LogPosition position) {
    out.putLong(position.term()).putLong(position.index());
  }

  private static LogPosition position(ByteBuffer in) {
    return new LogPosition(in.getLong(), in.getLong());
  }

  public static byte[] encode(AppendEntries append) {
    byte[] leader = name(append.leader());
    int entries = append.entries().stream().mapToInt(LogEntry::size).sum();
    ByteBuffer out = ByteBuffer.allocate(1 + leader.length + 4 * Long.BYTES + entries);
    putName(out, leader);
    out.putLong(append.term());
    put(out, append.before());
    out.putLong(append.commit());
    append.entries().forEach(entry -> out.put(entry.encoded()));
    return out.array();
  }

  public static AppendEntries append(byte[] message) throws IOException {
    return read(
        message,
        in -> {
          String leader = name(in);
          long term = in.getLong();
          LogPosition before = position(in);
          long commit = in.getLong();
          List<LogEntry> entries = new ArrayList<>();
          long index = before.index();
          LogEntry entry = LogEntry.read(in);
          while (entry != null) {
            if (entry.isBeginning() || entry.index() != ++index) {
              throw new IOException("entry " + entry.index() + " where " + index + " was to be");
            }
            entries.add(entry);
            entry = LogEntry.read(in);
          }
          return new AppendEntries(leader, term, before, commit, List.copyOf(entries));
        });
  }

  public static byte[] encode(AppendEntriesResponse appended) {
    ByteBuffer out = ByteBuffer.allocate(2 * Long.BYTES + 1);
    out.putLong(appended.term());
    putFlag(out, appended.taken());
    out.putLong(appended.index());
    return out.array();
  }

  public static AppendEntriesResponse appended(byte[] message) throws IOException {
    return read(message, in -> new AppendEntriesResponse(in.getLong(), flag(in), in.getLong()));
  }

  public static byte[] encode(RequestVote asked) {
    byte[] candidate = name(asked.candidate());
    ByteBuffer out = ByteBuffer.allocate(1 + candidate.length + 3 * Long.BYTES + 1);
    putName(out, candidate);
    out.putLong(asked.term());
    put(out, asked.last());
    putFlag(out, asked.binding());
    return out.array();
  }

  public static RequestVote voteAsked(byte[] message) throws IOException {
    return read(message, in -> new RequestVote(name(in), in.getLong(), position(in), flag(in)));
  }

  public static byte[] encode(RequestVoteResponse voted) {
    ByteBuffer out = ByteBuffer.allocate(3 * Long.BYTES + 1);
    out.putLong(voted.term());
    putFlag(out, voted.granted());
    put(out, voted.last());
    return out.array();
  }

  public static RequestVoteResponse voted(byte[] message) throws IOException {
    return read(message, in -> new RequestVoteResponse(in.getLong(), flag(in), position(in)));
  }

  public static byte[] encode(InstallState begins) {
    return named(begins.leader(), begins.term(), begins.first());
  }

  public static InstallState begins(byte[] message) throws IOException {
    return read(message, in -> new InstallState(name(in), in.getLong(), in.getLong()));
  }

  public static byte[] encode(TimeoutNow succeed) {
    return named(succeed.leader(), succeed.term());
  }

  public static TimeoutNow succeed(byte[] message) throws IOException {
    return read(message, in -> new TimeoutNow(name(in), in.getLong()));
  }

  private static byte[] named(String name, long... numbers) {
    byte[] bytes = name(name);
    ByteBuffer out = ByteBuffer.allocate(1 + bytes.length + numbers.length * Long.BYTES);
    putName(out, bytes);
    for (long number : numbers) {
      out.putLong(number);
    }
    return out.array();
  }

  public static byte[] encode(CommitIndexResponse committed) {
    ByteBuffer out = ByteBuffer.allocate(2 * Long.BYTES + 1);
    out.putLong(committed.term());
    putFlag(out, committed.leads());
    out.putLong(committed.commit());
    return out.array();
  }

  public static CommitIndexResponse committed(byte[] message) throws IOException {
    return read(message, in -> new CommitIndexResponse(in.getLong(), flag(in), in.getLong()));
  }
}
