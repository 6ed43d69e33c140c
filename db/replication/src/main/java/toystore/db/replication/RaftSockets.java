package toystore.db.replication;

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
import toystore.db.replication.RaftConnection.Frame;
import toystore.db.replication.RaftConnection.Kind;

/**
 * Calls between members on plain blocking sockets. Entries and heartbeats of a leader go over one
 * connection per follower ({@link FollowerLink}), in order and without waiting for answers; all
 * else is one question and one answer at a time.
 */
final class RaftSockets implements Closeable {
  private static final System.Logger LOG = System.getLogger(RaftSockets.class.getName());
  private static final int BACKLOG = 64;

  /** What a member answers. Each may block, and is called by one thread for each connection. */
  interface Answering {
    /**
     * Takes a leader's entries.
     *
     * @param stillHere tells who asked that the answer takes its time, and this process lives
     */
    Raft.Appended append(Raft.Append append, Runnable stillHere);

    Raft.Appended begins(RaftMessages.Begins begins);

    /** The answer to entries is on its way: what it cost no time for can be done now. */
    void answered();

    Raft.Voted vote(Raft.VoteAsked asked);

    /** Stands for election before this returns. */
    void succeed(RaftMessages.Succeed succeed);

    RaftMessages.Committed committed();
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
  RaftSockets(UUID group, Member self, int timeoutMs, Answering answering) {
    this.group = group;
    this.self = self;
    this.timeoutMs = timeoutMs;
    this.answering = answering;
  }

  synchronized void start() throws IOException {
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
        Raft.Append append = RaftMessages.append(body);
        peer.send(
            Kind.APPEND, RaftMessages.encode(answering.append(append, () -> stillHere(peer))));
        answering.answered();
      }
      case BEGINS ->
          peer.send(Kind.BEGINS, RaftMessages.encode(answering.begins(RaftMessages.begins(body))));
      case VOTE ->
          peer.send(Kind.VOTE, RaftMessages.encode(answering.vote(RaftMessages.voteAsked(body))));
      case SUCCEED -> {
        answering.succeed(RaftMessages.succeed(body));
        peer.send(Kind.SUCCEED, new byte[0]);
      }
      case COMMITTED -> peer.send(Kind.COMMITTED, RaftMessages.encode(answering.committed()));
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
  RaftConnection connect(Member to) throws IOException {
    if (closed) {
      throw new IOException("this member is closed");
    }
    return RaftConnection.open(new InetSocketAddress(to.host(), to.port()), timeoutMs, group);
  }

  int timeoutMs() {
    return timeoutMs;
  }

  Raft.Voted vote(Member of, Raft.VoteAsked asked) throws IOException {
    return RaftMessages.voted(call(of, Kind.VOTE, RaftMessages.encode(asked)));
  }

  /** The same, later; fails instead of throwing. */
  CompletableFuture<Raft.Voted> voteLater(Member of, Raft.VoteAsked asked) {
    CompletableFuture<Raft.Voted> voted = new CompletableFuture<>();
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

  void succeed(Member to, RaftMessages.Succeed succeed) throws IOException {
    var _ = call(to, Kind.SUCCEED, RaftMessages.encode(succeed));
  }

  RaftMessages.Committed committed(Member leader) throws IOException {
    return RaftMessages.committed(call(leader, Kind.COMMITTED, new byte[0]));
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
