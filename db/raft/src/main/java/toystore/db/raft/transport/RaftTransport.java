package toystore.db.raft.transport;

import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import org.jspecify.annotations.Nullable;
import toystore.db.log.Member;
import toystore.db.raft.FollowerReplicator;
import toystore.db.raft.core.AppendEntries;
import toystore.db.raft.core.AppendEntriesResponse;
import toystore.db.raft.core.RequestVote;
import toystore.db.raft.core.RequestVoteResponse;
import toystore.db.raft.transport.RaftConnection.Frame;
import toystore.db.raft.transport.RaftConnection.Kind;

/**
 * Calls between members on plain blocking sockets. Entries and heartbeats of a leader go over one
 * connection per follower ({@link FollowerReplicator}), in order and without waiting for answers;
 * all else is one question and one answer at a time.
 */
public final class RaftTransport implements Closeable {
  private static final System.Logger LOG = System.getLogger(RaftTransport.class.getName());
  private static final int BACKLOG = 64;

  /** What a member answers. Each may block, and is called by one thread for each connection. */
  public interface Answering {
    /**
     * Takes a leader's entries.
     *
     * @param stillHere tells who asked that the answer takes its time, and this process lives
     */
    AppendEntriesResponse append(AppendEntries append, Runnable stillHere);

    AppendEntriesResponse begins(InstallState begins);

    /** The answer to entries is on its way: what it cost no time for can be done now. */
    void answered();

    RequestVoteResponse vote(RequestVote asked);

    /** Stands for election before this returns. */
    void succeed(TimeoutNow succeed);

    CommitIndexResponse committed();
  }

  private final UUID group;
  private final Member self;
  private final int timeoutMs;
  private final Answering answering;
  private final Map<Member, Deque<RaftConnection>> idle = new ConcurrentHashMap<>();
  private final Set<Socket> serving = ConcurrentHashMap.newKeySet();
  private @Nullable ServerSocket listener;
  private volatile boolean closed;

  /**
   * Sockets of a member that does not listen yet.
   *
   * @param timeoutMs how long it waits for another one's answer
   */
  public RaftTransport(UUID group, Member self, int timeoutMs, Answering answering) {
    this.group = group;
    this.self = self;
    this.timeoutMs = timeoutMs;
    this.answering = answering;
  }

  public synchronized void start() throws IOException {
    ServerSocket socket = new ServerSocket();
    listener = socket;
    socket.setReuseAddress(true);
    socket.bind(new InetSocketAddress(InetAddress.getByName(self.host()), self.port()), BACKLOG);
    Thread.ofPlatform().daemon().name("raft-accept").start(() -> accept(socket));
  }

  private void accept(ServerSocket from) {
    while (!closed) {
      try {
        takeIn(from.accept());
      } catch (IOException | RuntimeException | OutOfMemoryError e) {
        // Too few files, or no memory for one more thread: both may be over soon.
        if (!closed) {
          LOG.log(Level.WARNING, "a connection could not be accepted", e);
          pause();
        }
      }
    }
  }

  private void takeIn(Socket socket) throws IOException {
    boolean served = false;
    serving.add(socket);
    try {
      RaftConnection.noticeDeath(socket);
      Thread thread =
          Thread.ofPlatform().daemon().name("raft-serve").unstarted(() -> serve(socket));
      // Else it came while the others were being closed.
      if (!closed) {
        thread.start();
        served = true;
      }
    } finally {
      if (!served) {
        serving.remove(socket);
        socket.close();
      }
    }
  }

  /** Where files have run out, the next attempt comes to the same. */
  private static void pause() {
    try {
      Thread.sleep(10);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void serve(Socket socket) {
    try (socket;
        RaftConnection peer = RaftConnection.accepted(socket, group)) {
      while (!closed) {
        answer(peer, peer.receive());
      }
    } catch (IOException e) {
      // Also whoever only watches whether this process lives.
      LOG.log(Level.DEBUG, "a connection of another member has ended", e);
    } catch (UncheckedIOException e) {
      // Told already. What follows in this connection builds on what could not be done.
      LOG.log(Level.WARNING, "a message of another member could not be taken", e);
    } finally {
      serving.remove(socket);
    }
  }

  private void answer(RaftConnection peer, Frame asked) throws IOException {
    byte[] body = asked.body();
    switch (asked.kind()) {
      case APPEND -> {
        AppendEntries append = RaftMessageCodec.append(body);
        peer.send(
            Kind.APPEND, RaftMessageCodec.encode(answering.append(append, () -> stillHere(peer))));
        answering.answered();
      }
      case BEGINS ->
          peer.send(
              Kind.BEGINS,
              RaftMessageCodec.encode(answering.begins(RaftMessageCodec.begins(body))));
      case VOTE ->
          peer.send(
              Kind.VOTE, RaftMessageCodec.encode(answering.vote(RaftMessageCodec.voteAsked(body))));
      case SUCCEED -> {
        answering.succeed(RaftMessageCodec.succeed(body));
        peer.send(Kind.SUCCEED, new byte[0]);
      }
      case COMMITTED -> peer.send(Kind.COMMITTED, RaftMessageCodec.encode(answering.committed()));
      case BUSY -> throw new IOException("not a question: " + asked.kind());
    }
  }

  private static void stillHere(RaftConnection peer) {
    try {
      peer.send(Kind.BUSY, new byte[0]);
    } catch (IOException e) {
      LOG.log(Level.DEBUG, "whoever asked is gone", e);
    }
  }

  /** A new connection. Host names are looked up each time: a host may move. */
  public RaftConnection connect(Member to) throws IOException {
    if (closed) {
      throw new IOException("this member is closed");
    }
    return RaftConnection.open(new InetSocketAddress(to.host(), to.port()), timeoutMs, group);
  }

  public int timeoutMs() {
    return timeoutMs;
  }

  public RequestVoteResponse vote(Member of, RequestVote asked) throws IOException {
    return RaftMessageCodec.voted(call(of, Kind.VOTE, RaftMessageCodec.encode(asked)));
  }

  /** The same, later; fails instead of throwing. */
  public CompletableFuture<RequestVoteResponse> voteLater(Member of, RequestVote asked) {
    CompletableFuture<RequestVoteResponse> voted = new CompletableFuture<>();
    Runnable call =
        () -> {
          try {
            voted.complete(vote(of, asked));
          } catch (IOException | RuntimeException e) {
            voted.completeExceptionally(e);
          }
        };
    try {
      Thread.ofPlatform().daemon().name("raft-call").start(call);
    } catch (OutOfMemoryError e) {
      voted.completeExceptionally(new IOException("no thread for a call", e));
    }
    return voted;
  }

  public void succeed(Member to, TimeoutNow succeed) throws IOException {
    var _ = call(to, Kind.SUCCEED, RaftMessageCodec.encode(succeed));
  }

  public CommitIndexResponse committed(Member leader) throws IOException {
    return RaftMessageCodec.committed(call(leader, Kind.COMMITTED, new byte[0]));
  }

  private byte[] call(Member to, Kind kind, byte[] question) throws IOException {
    RaftConnection kept = idle(to).poll();
    if (kept != null) {
      try {
        return exchange(to, kept, kind, question);
      } catch (SocketTimeoutException e) {
        throw e;
      } catch (IOException e) {
        LOG.log(Level.DEBUG, to + " was restarted since it was last asked", e);
      }
    }
    return exchange(to, connect(to), kind, question);
  }

  private Deque<RaftConnection> idle(Member of) {
    return idle.computeIfAbsent(of, member -> new ConcurrentLinkedDeque<>());
  }

  private byte[] exchange(Member to, RaftConnection over, Kind kind, byte[] question)
      throws IOException {
    boolean keep = false;
    try {
      over.patience(timeoutMs);
      over.send(kind, question);
      Frame answer = over.receive();
      if (answer.kind() != kind) {
        throw new IOException(to.name() + " answers " + answer.kind() + " to " + kind);
      }
      keep = !closed;
      return answer.body();
    } finally {
      if (keep) {
        idle(to).push(over);
      } else {
        over.close();
      }
    }
  }

  @Override
  public synchronized void close() throws IOException {
    closed = true;
    idle.values().forEach(kept -> kept.forEach(RaftConnection::close));
    IOException failure = null;
    for (Closeable socket : sockets()) {
      try {
        socket.close();
      } catch (IOException e) {
        failure = e;
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  private List<Closeable> sockets() {
    List<Closeable> all = new ArrayList<>(serving);
    if (listener != null) {
      all.add(listener);
    }
    return all;
  }
}
