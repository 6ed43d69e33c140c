package toystore.db.replication;

import java.io.Closeable;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.ExecutionException;
import org.apache.ratis.conf.Parameters;
import org.apache.ratis.proto.RaftProtos.AppendEntriesReplyProto;
import org.apache.ratis.proto.RaftProtos.AppendEntriesRequestProto;
import org.apache.ratis.proto.RaftProtos.InstallSnapshotReplyProto;
import org.apache.ratis.proto.RaftProtos.InstallSnapshotRequestProto;
import org.apache.ratis.proto.RaftProtos.RaftRpcRequestProto;
import org.apache.ratis.proto.RaftProtos.ReadIndexReplyProto;
import org.apache.ratis.proto.RaftProtos.ReadIndexRequestProto;
import org.apache.ratis.proto.RaftProtos.RequestVoteReplyProto;
import org.apache.ratis.proto.RaftProtos.RequestVoteRequestProto;
import org.apache.ratis.proto.RaftProtos.StartLeaderElectionReplyProto;
import org.apache.ratis.proto.RaftProtos.StartLeaderElectionRequestProto;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.rpc.RpcType;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.RaftServerRpc;
import org.apache.ratis.server.ServerFactory;
import org.apache.ratis.server.leader.FollowerInfo;
import org.apache.ratis.server.leader.LeaderState;
import org.apache.ratis.server.leader.LogAppender;
import org.apache.ratis.server.protocol.RaftServerAsynchronousProtocol;
import org.apache.ratis.thirdparty.com.google.protobuf.MessageLite;
import org.apache.ratis.thirdparty.com.google.protobuf.Parser;
import org.apache.ratis.util.NetUtils;
import org.jspecify.annotations.Nullable;
import toystore.db.replication.RaftConnection.Frame;
import toystore.db.replication.RaftConnection.Kind;

/**
 * Ratis's calls between members on plain blocking sockets. A batch of entries costs its followers
 * and its leader four changes of thread less than with gRPC, a member starts without Netty, and
 * does without its memory.
 *
 * <p>Entries and heartbeats go over one connection per follower ({@link SocketAppender}), in order
 * and without waiting for answers; all else is one question and one answer at a time.
 */
final class RaftSockets implements RaftServerRpc {
  private static final System.Logger LOG = System.getLogger(RaftSockets.class.getName());
  private static final int BACKLOG = 64;

  private final RaftServer server;
  private final Settings settings;
  private final Map<RaftPeerId, InetSocketAddress> peers = new ConcurrentHashMap<>();
  private final Map<RaftPeerId, Deque<RaftConnection>> idle = new ConcurrentHashMap<>();
  private final Object appends = new Object();
  private final Set<Socket> serving = ConcurrentHashMap.newKeySet();
  private @Nullable ServerSocket listener;
  private volatile boolean closed;

  private RaftSockets(RaftServer server, Settings settings) {
    this.server = server;
    this.settings = settings;
  }

  /** Where this member listens, and how long it waits for another one's answer. */
  record Settings(String host, int port, int timeoutMs) {
    private static final String KEY = "toystore.sockets";

    /** The parameters that {@link Type} expects. */
    Parameters parameters() {
      Parameters parameters = new Parameters();
      parameters.put(KEY, this, Settings.class);
      return parameters;
    }
  }

  /** Makes Ratis use this; named in its configuration by class name. */
  public static final class Type implements RpcType {
    @Override
    public String name() {
      return getClass().getName();
    }

    @Override
    public ServerFactory newFactory(Parameters parameters) {
      return new Factory(this, parameters.getNonNull(Settings.KEY, Settings.class));
    }
  }

  private record Factory(RpcType getRpcType, Settings settings) implements ServerFactory {
    @Override
    public LogAppender newLogAppender(
        RaftServer.Division division, LeaderState leader, FollowerInfo follower) {
      return new SocketAppender(division, leader, follower);
    }

    @Override
    public RaftServerRpc newRaftServerRpc(RaftServer server) {
      return new RaftSockets(server, settings);
    }
  }

  @Override
  public RpcType getRpcType() {
    return new Type();
  }

  @Override
  public InetSocketAddress getInetSocketAddress() {
    return InetSocketAddress.createUnresolved(settings.host(), settings.port());
  }

  /**
   * The first address of a member stays: it is this member's own setting. Those that come later are
   * of the group's configuration in the log, as the leader that wrote it sees the others.
   */
  @Override
  public void addRaftPeers(Collection<RaftPeer> others) {
    others.forEach(
        peer -> peers.putIfAbsent(peer.getId(), NetUtils.createSocketAddr(peer.getAddress())));
  }

  @Override
  public synchronized void start() throws IOException {
    ServerSocket socket = new ServerSocket();
    listener = socket;
    socket.setReuseAddress(true);
    socket.bind(
        new InetSocketAddress(InetAddress.getByName(settings.host()), settings.port()), BACKLOG);
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
        RaftConnection peer = RaftConnection.accepted(socket)) {
      while (!closed) {
        answer(peer, peer.receive());
      }
    } catch (IOException e) {
      // Also whoever only watches whether this process lives.
      LOG.log(Level.DEBUG, "a connection of another member has ended", e);
    } finally {
      serving.remove(socket);
    }
  }

  private void answer(RaftConnection peer, Frame asked) throws IOException {
    byte[] body = asked.body();
    if (asked.kind() == Kind.APPEND) {
      append(peer, AppendEntriesRequestProto.parseFrom(body));
      return;
    }
    MessageLite answer;
    try {
      answer =
          switch (asked.kind()) {
            case VOTE -> server.requestVote(RequestVoteRequestProto.parseFrom(body));
            case STAND ->
                server.startLeaderElection(StartLeaderElectionRequestProto.parseFrom(body));
            case INSTALL -> server.installSnapshot(InstallSnapshotRequestProto.parseFrom(body));
            case READ_INDEX -> server.readIndexAsync(ReadIndexRequestProto.parseFrom(body)).join();
            case APPEND, FAILED -> throw new IOException("not a question: " + asked.kind());
          };
    } catch (IOException | RuntimeException e) {
      peer.sendFailure(e);
      return;
    }
    peer.send(asked.kind(), answer);
  }

  /**
   * The next frame is read while entries of this one are being written. One at a time: where a
   * leader has come back over a new connection, what it sent over the old one may still be read.
   * Two at once make Ratis fail, and a failed one counts as under way for ever, so that this member
   * would not stand for election any more.
   */
  private void append(RaftConnection peer, AppendEntriesRequestProto request) throws IOException {
    CompletableFuture<AppendEntriesReplyProto> reply;
    try {
      synchronized (appends) {
        reply = server.appendEntriesAsync(request);
      }
    } catch (IOException | RuntimeException e) {
      reply = CompletableFuture.failedFuture(e);
    }
    reply.whenComplete((done, e) -> sendAppended(peer, done, e));
  }

  private static void sendAppended(
      RaftConnection peer, @Nullable AppendEntriesReplyProto done, @Nullable Throwable failure) {
    boolean answered = false;
    try {
      if (done != null) {
        peer.send(Kind.APPEND, done);
        answered = true;
      } else {
        peer.sendFailure(failure == null ? new IOException("no answer") : failure);
      }
    } catch (IOException e) {
      LOG.log(Level.DEBUG, "the leader is gone before its answer", e);
    } finally {
      if (!answered) {
        // What follows it in the connection builds on it: the leader has to begin anew.
        peer.close();
      }
    }
  }

  private RaftConnection connect(RaftPeerId to) throws IOException {
    InetSocketAddress address = peers.get(to);
    if (address == null || closed) {
      throw new IOException(closed ? "this member is closed" : to + " is no member");
    }
    // Looked up each time: a host may be known only later, or move.
    return RaftConnection.open(
        new InetSocketAddress(address.getHostString(), address.getPort()), settings.timeoutMs());
  }

  /** A connection for entries. Who steps down does not wait for a host that is silent. */
  RaftConnection connectInterruptibly(RaftPeerId to) throws IOException, InterruptedException {
    CompletableFuture<RaftConnection> connected = later(platform(), () -> connect(to));
    try {
      return awaited(connected);
    } catch (InterruptedException e) {
      connected.thenAccept(RaftConnection::close);
      throw e;
    }
  }

  /** As {@link #installSnapshot}, for who may have to step down meanwhile. */
  InstallSnapshotReplyProto installInterruptibly(InstallSnapshotRequestProto request)
      throws IOException, InterruptedException {
    return awaited(later(platform(), () -> installSnapshot(request)));
  }

  private static <T> T awaited(CompletableFuture<T> future)
      throws IOException, InterruptedException {
    try {
      return future.get();
    } catch (ExecutionException e) {
      throw e.getCause() instanceof IOException io ? io : new IOException(e.getCause());
    }
  }

  int timeoutMs() {
    return settings.timeoutMs();
  }

  private <T> T call(Kind kind, RaftRpcRequestProto header, MessageLite request, Parser<T> parser)
      throws IOException {
    RaftPeerId to = RaftPeerId.valueOf(header.getReplyId());
    RaftConnection kept = idle(to).poll();
    if (kept != null) {
      try {
        return exchange(to, kept, kind, request, parser);
      } catch (SocketTimeoutException | Refusal e) {
        throw e;
      } catch (IOException e) {
        LOG.log(Level.DEBUG, to + " was restarted since it was last asked", e);
      }
    }
    return exchange(to, connect(to), kind, request, parser);
  }

  private Deque<RaftConnection> idle(RaftPeerId of) {
    return idle.computeIfAbsent(of, id -> new ConcurrentLinkedDeque<>());
  }

  /** The other member was asked and would not. */
  static final class Refusal extends IOException {
    private static final long serialVersionUID = 1L;

    Refusal(String why) {
      super(why);
    }
  }

  private <T> T exchange(
      RaftPeerId to, RaftConnection over, Kind kind, MessageLite request, Parser<T> parser)
      throws IOException {
    boolean keep = false;
    try {
      over.patience(settings.timeoutMs());
      over.send(kind, request);
      Frame answer = over.receive();
      keep = !closed;
      if (answer.kind() != kind) {
        throw new Refusal(to + " says: " + answer.text());
      }
      return parser.parseFrom(answer.body());
    } finally {
      if (keep) {
        idle(to).push(over);
      } else {
        over.close();
      }
    }
  }

  @Override
  public RequestVoteReplyProto requestVote(RequestVoteRequestProto request) throws IOException {
    return call(Kind.VOTE, request.getServerRequest(), request, RequestVoteReplyProto.parser());
  }

  @Override
  public StartLeaderElectionReplyProto startLeaderElection(StartLeaderElectionRequestProto request)
      throws IOException {
    return call(
        Kind.STAND, request.getServerRequest(), request, StartLeaderElectionReplyProto.parser());
  }

  @Override
  public InstallSnapshotReplyProto installSnapshot(InstallSnapshotRequestProto request)
      throws IOException {
    return call(
        Kind.INSTALL, request.getServerRequest(), request, InstallSnapshotReplyProto.parser());
  }

  @Override
  public AppendEntriesReplyProto appendEntries(AppendEntriesRequestProto request)
      throws IOException {
    return call(Kind.APPEND, request.getServerRequest(), request, AppendEntriesReplyProto.parser());
  }

  @Override
  public RaftServerAsynchronousProtocol async() {
    return new RaftServerAsynchronousProtocol() {
      @Override
      public CompletableFuture<AppendEntriesReplyProto> appendEntriesAsync(
          AppendEntriesRequestProto request) {
        throw new UnsupportedOperationException("entries go by " + SocketAppender.class.getName());
      }

      @Override
      public CompletableFuture<ReadIndexReplyProto> readIndexAsync(ReadIndexRequestProto request) {
        // One for each read at a follower.
        return later(
            Thread.ofVirtual().name("raft-call"),
            () ->
                call(
                    Kind.READ_INDEX,
                    request.getServerRequest(),
                    request,
                    ReadIndexReplyProto.parser()));
      }
    };
  }

  @FunctionalInterface
  private interface Blocking<T> {
    T get() throws IOException;
  }

  private static <T> CompletableFuture<T> later(Thread.Builder on, Blocking<T> work) {
    CompletableFuture<T> future = new CompletableFuture<>();
    Runnable run =
        () -> {
          try {
            future.complete(work.get());
          } catch (IOException | RuntimeException | Error e) {
            future.completeExceptionally(e);
          }
        };
    try {
      on.start(run);
    } catch (OutOfMemoryError e) {
      future.completeExceptionally(new IOException("no thread for a call", e));
    }
    return future;
  }

  /** Few at a time: looking a name up holds a virtual thread's carrier, and those are few too. */
  private static Thread.Builder platform() {
    return Thread.ofPlatform().daemon().name("raft-call");
  }

  @Override
  public void handleException(RaftPeerId member, Exception e, boolean reconnect) {
    LOG.log(Level.DEBUG, "a call to " + member + " failed", e);
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
