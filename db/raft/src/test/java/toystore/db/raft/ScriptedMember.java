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

/**
 * A follower that grants every vote and reacts to entries as a test specifies. It uses real
 * sockets.
 */
public final class ScriptedMember implements AutoCloseable {
  /** Chooses the reaction to each request. */
  @FunctionalInterface
  public interface Script {
    Reaction on(AppendEntries request);
  }

  public enum Reaction {
    /** Appends the entries and responds, as a correct follower does. */
    APPEND,
    /** Reads nothing more from this connection, but keeps it open. */
    HANG,
    /** Appends the entries and responds, with a disk that takes 3 s. */
    APPEND_SLOWLY,
    /** Appends the entries, but sends no response. */
    APPEND_WITHOUT_RESPONSE,

    /** Rejects the request with an index that is lower by one than in the last rejection. */
    REJECT_LOWER_INDEX,
    CLOSE_CONNECTION
  }

  private final UUID group;
  private final ServerSocket listener;
  private final List<Socket> open = new CopyOnWriteArrayList<>();
  private final List<LogEntry> log = new CopyOnWriteArrayList<>();
  private final AtomicInteger voteRequests = new AtomicInteger();
  private final AtomicLong announcedLogStart = new AtomicLong(-1);
  private final List<String> failures = new CopyOnWriteArrayList<>();
  private volatile boolean grants = true;
  private int rejections;
  private volatile Script script = request -> Reaction.APPEND;

  public ScriptedMember(UUID group, int port) throws IOException {
    this.group = group;
    listener = new ServerSocket(port, 16, InetAddress.getLoopbackAddress());
    Thread.ofPlatform().daemon().start(this::accept);
  }

  /** From now on every vote request is rejected. */
  public void grantNoVotes() {
    grants = false;
  }

  /** Loses its log, and closes all connections. */
  public void loseLog() {
    log.clear();
    for (Socket socket : open) {
      close(socket);
    }
  }

  public void setScript(Script next) {
    script = next;
  }

  /** The entries that it has appended. */
  public List<LogEntry> log() {
    return log;
  }

  /** The number of vote requests that it has received. */
  int voteRequests() {
    return voteRequests.get();
  }

  /** The start of the leader's log in the last notice from the leader, or -1 without a notice. */
  public long announcedLogStart() {
    return announcedLogStart.get();
  }

  /** Exceptions that must not occur. */
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
        RaftConnection peer = RaftConnection.accept(socket, group)) {
      while (true) {
        Frame request = peer.receive();
        byte[] response = respond(request, peer);
        if (response != null) {
          peer.send(request.kind(), response);
        }
      }
    } catch (IOException e) {
      // The leader closed the connection, or the script does.
    } catch (RuntimeException e) {
      failures.add(e.toString());
    }
  }

  private byte @Nullable [] respond(Frame request, RaftConnection over) throws IOException {
    return switch (request.kind()) {
      case REQUEST_VOTE -> vote(RaftMessageCodec.decodeRequestVote(request.body()));
      case APPEND_ENTRIES -> append(RaftMessageCodec.decodeAppendEntries(request.body()), over);
      case INSTALL_STATE -> handleNotice(RaftMessageCodec.decodeInstallState(request.body()));
      case TIMEOUT_NOW, COMMIT_INDEX, BUSY ->
          throw new IOException("no script expects this request");
    };
  }

  private byte[] vote(RequestVote request) {
    voteRequests.incrementAndGet();
    long term = request.preVote() ? request.term() - 1 : request.term();
    return RaftMessageCodec.encode(
        new RequestVoteResponse(term, grants, new LogPosition(0, log.size() - 1L)));
  }

  private byte @Nullable [] append(AppendEntries request, RaftConnection over) throws IOException {
    Reaction reaction = script.on(request);
    while (reaction == Reaction.HANG && !listener.isClosed()) {
      LockSupport.parkNanos(10_000_000);
    }
    return append(request, over, reaction);
  }

  private synchronized byte @Nullable [] append(
      AppendEntries request, RaftConnection over, Reaction reaction) throws IOException {
    if (reaction == Reaction.HANG || reaction == Reaction.CLOSE_CONNECTION) {
      throw new IOException("the script closes the connection");
    }
    if (reaction == Reaction.APPEND_SLOWLY) {
      stayBusy(over);
    }
    if (reaction == Reaction.REJECT_LOWER_INDEX) {
      rejections++;
      return response(request, false, Math.max(0, log.size() - rejections) - 1L);
    }
    // Raft §5.3: the log must contain the entry that precedes the first one of the request.
    if (request.prevLog().index() >= log.size()) {
      return response(request, false, log.size() - 1L);
    }
    for (LogEntry entry : request.entries()) {
      if (entry.index() < log.size()) {
        log.set((int) entry.index(), entry);
      } else {
        log.add(entry);
      }
    }
    return reaction == Reaction.APPEND_WITHOUT_RESPONSE
        ? null
        : response(request, true, request.prevLog().index() + request.entries().size());
  }

  private static void stayBusy(RaftConnection over) throws IOException {
    long end = System.nanoTime() + 3_000_000_000L;
    while (System.nanoTime() - end < 0) {
      over.send(Kind.BUSY, new byte[0]);
      LockSupport.parkNanos(50_000_000);
    }
  }

  private static byte[] response(AppendEntries request, boolean success, long index) {
    return RaftMessageCodec.encode(new AppendEntriesResponse(request.term(), success, index));
  }

  private byte[] handleNotice(InstallState notice) {
    announcedLogStart.set(notice.firstIndex());
    return RaftMessageCodec.encode(
        new AppendEntriesResponse(notice.term(), false, log.size() - 1L));
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
