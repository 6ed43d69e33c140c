package toystore.db.replication;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import toystore.db.storage.LogPosition;

/**
 * What members say to each other, in bytes: numbers of eight, names with their length in one,
 * entries as {@link Entry} has them.
 */
final class RaftMessages {
  private static final int LONGEST_NAME = 255;

  private RaftMessages() {}

  /** A leader's log begins only with this entry: what lies before has to be got otherwise. */
  record Begins(String leader, long term, long first) {}

  /** A leader wants this member to stand for election at once (Ongaro's thesis §3.10). */
  record Succeed(String leader, long term) {}

  /** What a member knows when it is asked for its commit index; only a leader's word counts. */
  record Committed(long term, boolean leads, long commit) {}

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

  static byte[] encode(Raft.Append append) {
    byte[] leader = name(append.leader());
    int entries = append.entries().stream().mapToInt(Entry::size).sum();
    ByteBuffer out = ByteBuffer.allocate(1 + leader.length + 4 * Long.BYTES + entries);
    putName(out, leader);
    out.putLong(append.term());
    put(out, append.before());
    out.putLong(append.commit());
    append.entries().forEach(entry -> out.put(entry.encoded()));
    return out.array();
  }

  static Raft.Append append(byte[] message) throws IOException {
    return read(
        message,
        in -> {
          String leader = name(in);
          long term = in.getLong();
          LogPosition before = position(in);
          long commit = in.getLong();
          List<Entry> entries = new ArrayList<>();
          long index = before.index();
          Entry entry = Entry.read(in);
          while (entry != null) {
            if (entry.isBeginning() || entry.index() != ++index) {
              throw new IOException("entry " + entry.index() + " where " + index + " was to be");
            }
            entries.add(entry);
            entry = Entry.read(in);
          }
          return new Raft.Append(leader, term, before, commit, List.copyOf(entries));
        });
  }

  static byte[] encode(Raft.Appended appended) {
    ByteBuffer out = ByteBuffer.allocate(2 * Long.BYTES + 1);
    out.putLong(appended.term());
    putFlag(out, appended.taken());
    out.putLong(appended.index());
    return out.array();
  }

  static Raft.Appended appended(byte[] message) throws IOException {
    return read(message, in -> new Raft.Appended(in.getLong(), flag(in), in.getLong()));
  }

  static byte[] encode(Raft.VoteAsked asked) {
    byte[] candidate = name(asked.candidate());
    ByteBuffer out = ByteBuffer.allocate(1 + candidate.length + 3 * Long.BYTES + 1);
    putName(out, candidate);
    out.putLong(asked.term());
    put(out, asked.last());
    putFlag(out, asked.binding());
    return out.array();
  }

  static Raft.VoteAsked voteAsked(byte[] message) throws IOException {
    return read(message, in -> new Raft.VoteAsked(name(in), in.getLong(), position(in), flag(in)));
  }

  static byte[] encode(Raft.Voted voted) {
    ByteBuffer out = ByteBuffer.allocate(3 * Long.BYTES + 1);
    out.putLong(voted.term());
    putFlag(out, voted.granted());
    put(out, voted.last());
    return out.array();
  }

  static Raft.Voted voted(byte[] message) throws IOException {
    return read(message, in -> new Raft.Voted(in.getLong(), flag(in), position(in)));
  }

  static byte[] encode(Begins begins) {
    return named(begins.leader(), begins.term(), begins.first());
  }

  static Begins begins(byte[] message) throws IOException {
    return read(message, in -> new Begins(name(in), in.getLong(), in.getLong()));
  }

  static byte[] encode(Succeed succeed) {
    return named(succeed.leader(), succeed.term());
  }

  static Succeed succeed(byte[] message) throws IOException {
    return read(message, in -> new Succeed(name(in), in.getLong()));
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

  static byte[] encode(Committed committed) {
    ByteBuffer out = ByteBuffer.allocate(2 * Long.BYTES + 1);
    out.putLong(committed.term());
    putFlag(out, committed.leads());
    out.putLong(committed.commit());
    return out.array();
  }

  static Committed committed(byte[] message) throws IOException {
    return read(message, in -> new Committed(in.getLong(), flag(in), in.getLong()));
  }
}
