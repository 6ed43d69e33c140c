package toystore.db.raft;

import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import toystore.db.log.LogPosition;
import toystore.db.raft.core.AppendEntries;
import toystore.db.raft.core.AppendEntriesResponse;
import toystore.db.raft.core.LogEntry;
import toystore.db.raft.core.RequestVote;
import toystore.db.raft.core.RequestVoteResponse;
import toystore.db.raft.transport.InstallState;
import toystore.db.raft.transport.RaftConnection;
import toystore.db.raft.transport.RaftConnection.Frame;
import toystore.db.raft.transport.RaftConnection.Kind;
import toystore.db.raft.transport.RaftMessageCodec;

/** A member that votes for whoever asks and follows as a test says, over real sockets. */
public final class ScriptedMember implements AutoCloseable {
  /** What a member does with a message. */
  @FunctionalInterface
  public interface Script {
    Act on(AppendEntries message);
  }

  public enum Act {
    /** As a good member does. */
    APPEND,
    /** Takes nothing more from this connection, and does not end it. */
    HANG,
    /** As a good member does whose disk takes three seconds. */
    APPEND_SLOWLY,
    /** Appends, and the answer is lost. */
    APPEND_SILENTLY,

    /** Refuses, and names an index one lower than the time before. */
    REFUSE_LOWER,
    HANG_UP
  }

  private final UUID group;
  private final ServerSocket listener;
  private final List<Socket> open = new CopyOnWriteArrayList<>();
  private final List<LogEntry> log = new CopyOnWriteArrayList<>();
  private final AtomicInteger votes = new AtomicInteger();
  private final AtomicLong toldOf = new AtomicLong(-1);
  private final List<String> failures = new CopyOnWriteArrayList<>();
  private volatile boolean grants = true;
  private int stepsBack;
  private volatile Script script = message -> Act.APPEND;

  public ScriptedMember(UUID group, int port) throws IOException {
    this.group = group;
    listener = new ServerSocket(port, 16, InetAddress.getLoopbackAddress());
    Thread.ofPlatform().daemon().start(this::accept);
  }

  /** Asks for its vote are counted and refused from here on. */
  public void grantNoVotes() {
    grants = false;
  }

  /** Forgets what it has appended, and whoever is connected. */
  public void loseLog() {
    log.clear();
    for (Socket socket : open) {
      close(socket);
    }
  }

  public void follow(Script next) {
    script = next;
  }

  /** What it has appended. */
  public List<LogEntry> log() {
    return log;
  }

  /** How often it was asked for its vote. */
  int votes() {
    return votes.get();
  }

  /** Where the leader's log begins, as it was told last; -1 if it was not. */
  public long toldOf() {
    return toldOf.get();
  }

  /** What must not happen to it. */
  public List<String> failures() {
    return failures;
  }

  private void accept() {
    while (!listener.isClosed()) {
      try {
        Socket socket = listener.accept();
        open.add(socket);
        Thread.ofPlatform().daemon().start(() -> serve(socket));
      } catch (IOException e) {
        if (!listener.isClosed()) {
          failures.add(e.toString());
        }
      }
    }
  }

  private void serve(Socket socket) {
    try (socket;
        RaftConnection peer = RaftConnection.accepted(socket, group)) {
      while (true) {
        Frame asked = peer.receive();
        byte[] answer = answer(asked, peer);
        if (answer != null) {
          peer.send(asked.kind(), answer);
        }
      }
    } catch (IOException e) {
      // The other side is gone, or the script hangs up.
    } catch (RuntimeException e) {
      failures.add(e.toString());
    }
  }

  private byte @Nullable [] answer(Frame asked, RaftConnection over) throws IOException {
    return switch (asked.kind()) {
      case VOTE -> vote(RaftMessageCodec.voteAsked(asked.body()));
      case APPEND -> append(RaftMessageCodec.append(asked.body()), over);
      case BEGINS -> told(RaftMessageCodec.begins(asked.body()));
      case SUCCEED, COMMITTED, BUSY -> throw new IOException("not in any script");
    };
  }

  private byte[] vote(RequestVote asked) {
    votes.incrementAndGet();
    long term = asked.binding() ? asked.term() : asked.term() - 1;
    return RaftMessageCodec.encode(
        new RequestVoteResponse(term, grants, new LogPosition(0, log.size() - 1L)));
  }

  private byte @Nullable [] append(AppendEntries message, RaftConnection over) throws IOException {
    Act act = script.on(message);
    while (act == Act.HANG && !listener.isClosed()) {
      LockSupport.parkNanos(10_000_000);
    }
    return append(message, over, act);
  }

  private synchronized byte @Nullable [] append(AppendEntries message, RaftConnection over, Act act)
      throws IOException {
    if (act == Act.HANG || act == Act.HANG_UP) {
      throw new IOException("hangs up");
    }
    if (act == Act.APPEND_SLOWLY) {
      stayBusy(over);
    }
    if (act == Act.REFUSE_LOWER) {
      stepsBack++;
      return answer(message, false, Math.max(0, log.size() - stepsBack) - 1L);
    }
    // Raft §5.3: the entry before the first one must be there.
    if (message.before().index() >= log.size()) {
      return answer(message, false, log.size() - 1L);
    }
    for (LogEntry entry : message.entries()) {
      if (entry.index() < log.size()) {
        log.set((int) entry.index(), entry);
      } else {
        log.add(entry);
      }
    }
    return act == Act.APPEND_SILENTLY
        ? null
        : answer(message, true, message.before().index() + message.entries().size());
  }

  private static void stayBusy(RaftConnection over) throws IOException {
    long end = System.nanoTime() + 3_000_000_000L;
    while (System.nanoTime() - end < 0) {
      over.send(Kind.BUSY, new byte[0]);
      LockSupport.parkNanos(50_000_000);
    }
  }

  private static byte[] answer(AppendEntries message, boolean taken, long index) {
    return RaftMessageCodec.encode(new AppendEntriesResponse(message.term(), taken, index));
  }

  private byte[] told(InstallState begins) {
    toldOf.set(begins.first());
    return RaftMessageCodec.encode(
        new AppendEntriesResponse(begins.term(), false, log.size() - 1L));
  }

  @Override
  public void close() {
    close(listener);
    open.forEach(ScriptedMember::close);
  }

  private static void close(Closeable socket) {
    try {
      socket.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
