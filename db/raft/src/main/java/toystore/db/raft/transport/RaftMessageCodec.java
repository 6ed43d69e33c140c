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
 * Encodes and decodes the messages between members. Numbers take eight bytes. A name is preceded by
 * its length in one byte. Entries have the encoding of {@link LogEntry}.
 */
public final class RaftMessageCodec {
  private static final int MAX_NAME_BYTES = 255;

  private RaftMessageCodec() {}

  @FunctionalInterface
  private interface Decoder<T> {
    T decode(ByteBuffer in) throws IOException;
  }

  private static <T> T decode(byte[] message, Decoder<T> decoder) throws IOException {
    ByteBuffer in = ByteBuffer.wrap(message);
    try {
      T decoded = decoder.decode(in);
      if (in.hasRemaining()) {
        throw new IOException("a message is longer than its content");
      }
      return decoded;
    } catch (BufferUnderflowException e) {
      throw new IOException("a message is cut off", e);
    }
  }

  private static byte[] encodeName(String name) {
    byte[] bytes = name.getBytes(UTF_8);
    if (bytes.length > MAX_NAME_BYTES) {
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
      throw new IOException("not a flag: " + flag);
    }
    return flag == 1;
  }

  private static void put(ByteBuffer out, LogPosition position) {
    out.putLong(position.term()).putLong(position.index());
  }

  private static LogPosition position(ByteBuffer in) {
    return new LogPosition(in.getLong(), in.getLong());
  }

  public static byte[] encode(AppendEntries request) {
    byte[] leader = encodeName(request.leader());
    int entries = request.entries().stream().mapToInt(LogEntry::size).sum();
    ByteBuffer out = ByteBuffer.allocate(1 + leader.length + 4 * Long.BYTES + entries);
    putName(out, leader);
    out.putLong(request.term());
    put(out, request.prevLog());
    out.putLong(request.leaderCommit());
    request.entries().forEach(entry -> out.put(entry.encoded()));
    return out.array();
  }

  public static AppendEntries decodeAppendEntries(byte[] message) throws IOException {
    return decode(
        message,
        in -> {
          String leader = name(in);
          long term = in.getLong();
          LogPosition prevLog = position(in);
          long leaderCommit = in.getLong();
          List<LogEntry> entries = new ArrayList<>();
          long index = prevLog.index();
          LogEntry entry = LogEntry.read(in);
          while (entry != null) {
            if (entry.isSegmentHeader() || entry.index() != ++index) {
              throw new IOException("entry " + entry.index() + " instead of entry " + index);
            }
            entries.add(entry);
            entry = LogEntry.read(in);
          }
          return new AppendEntries(leader, term, prevLog, leaderCommit, List.copyOf(entries));
        });
  }

  public static byte[] encode(AppendEntriesResponse response) {
    ByteBuffer out = ByteBuffer.allocate(2 * Long.BYTES + 1);
    out.putLong(response.term());
    putFlag(out, response.success());
    out.putLong(response.matchIndex());
    return out.array();
  }

  public static AppendEntriesResponse decodeAppendEntriesResponse(byte[] message)
      throws IOException {
    return decode(message, in -> new AppendEntriesResponse(in.getLong(), flag(in), in.getLong()));
  }

  public static byte[] encode(RequestVote request) {
    byte[] candidate = encodeName(request.candidate());
    ByteBuffer out = ByteBuffer.allocate(1 + candidate.length + 3 * Long.BYTES + 1);
    putName(out, candidate);
    out.putLong(request.term());
    put(out, request.lastLog());
    // The flag says whether the request is for a real vote.
    putFlag(out, !request.preVote());
    return out.array();
  }

  public static RequestVote decodeRequestVote(byte[] message) throws IOException {
    return decode(message, in -> new RequestVote(name(in), in.getLong(), position(in), !flag(in)));
  }

  public static byte[] encode(RequestVoteResponse response) {
    ByteBuffer out = ByteBuffer.allocate(3 * Long.BYTES + 1);
    out.putLong(response.term());
    putFlag(out, response.voteGranted());
    put(out, response.lastLog());
    return out.array();
  }

  public static RequestVoteResponse decodeRequestVoteResponse(byte[] message) throws IOException {
    return decode(message, in -> new RequestVoteResponse(in.getLong(), flag(in), position(in)));
  }

  public static byte[] encode(InstallState request) {
    return nameAndNumbers(request.leader(), request.term(), request.firstIndex());
  }

  public static InstallState decodeInstallState(byte[] message) throws IOException {
    return decode(message, in -> new InstallState(name(in), in.getLong(), in.getLong()));
  }

  public static byte[] encode(TimeoutNow request) {
    return nameAndNumbers(request.leader(), request.term());
  }

  public static TimeoutNow decodeTimeoutNow(byte[] message) throws IOException {
    return decode(message, in -> new TimeoutNow(name(in), in.getLong()));
  }

  private static byte[] nameAndNumbers(String name, long... numbers) {
    byte[] bytes = encodeName(name);
    ByteBuffer out = ByteBuffer.allocate(1 + bytes.length + numbers.length * Long.BYTES);
    putName(out, bytes);
    for (long number : numbers) {
      out.putLong(number);
    }
    return out.array();
  }

  public static byte[] encode(CommitIndexResponse response) {
    ByteBuffer out = ByteBuffer.allocate(2 * Long.BYTES + 1);
    out.putLong(response.term());
    putFlag(out, response.leads());
    out.putLong(response.commitIndex());
    return out.array();
  }

  public static CommitIndexResponse decodeCommitIndexResponse(byte[] message) throws IOException {
    return decode(message, in -> new CommitIndexResponse(in.getLong(), flag(in), in.getLong()));
  }
}
