package toystore.db.raft.transport;

import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import toystore.db.log.Member;
import toystore.db.raft.core.AppendEntries;
import toystore.db.raft.transport.RaftConnection.Frame;
import toystore.db.raft.transport.RaftConnection.Kind;

/** Accepts the connections of other members and serves each on a thread of its own. */
public final class RaftServer implements Closeable {
  private static final System.Logger LOG = System.getLogger(RaftServer.class.getName());
  private static final int BACKLOG = 64;

  private final UUID group;
  private final Member self;
  private final RpcHandler handler;
  private final Set<Socket> connections = ConcurrentHashMap.newKeySet();
  private @Nullable ServerSocket listener;
  private volatile boolean closed;

  public RaftServer(UUID group, Member self, RpcHandler handler) {
    this.group = group;
    this.self = self;
    this.handler = handler;
  }

  /** Starts to listen at this member's address. */
  public synchronized void start() throws IOException {
    ServerSocket socket = new ServerSocket();
    listener = socket;
    socket.setReuseAddress(true);
    socket.bind(new InetSocketAddress(InetAddress.getByName(self.host()), self.port()), BACKLOG);
    Thread.ofPlatform().daemon().name("raft-accept").start(() -> acceptAll(socket));
  }

  private void acceptAll(ServerSocket socket) {
    while (!closed) {
      try {
        startServing(socket.accept());
      } catch (IOException | RuntimeException | OutOfMemoryError e) {
        // Too few file descriptors, or no memory for a thread: both conditions may pass.
        if (!closed) {
          LOG.log(Level.WARNING, "a connection could not be accepted", e);
          pauseBeforeRetry();
        }
      }
    }
  }

  private void startServing(Socket socket) throws IOException {
    boolean started = false;
    connections.add(socket);
    try {
      RaftConnection.enableKeepAlive(socket);
      Thread thread =
          Thread.ofPlatform().daemon().name("raft-serve").unstarted(() -> serve(socket));
      // close() may have closed the other connections before this one was added.
      if (!closed) {
        thread.start();
        started = true;
      }
    } finally {
      if (!started) {
        connections.remove(socket);
        socket.close();
      }
    }
  }

  /** Without a pause, this thread would use a whole processor while no descriptor is available. */
  private static void pauseBeforeRetry() {
    try {
      Thread.sleep(10);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void serve(Socket socket) {
    try (socket;
        RaftConnection peer = RaftConnection.accept(socket, group)) {
      while (!closed) {
        respond(peer, peer.receive());
      }
    } catch (IOException e) {
      // This also ends the connections that only observe whether this process is alive.
      LOG.log(Level.DEBUG, "a connection of another member has ended", e);
    } catch (UncheckedIOException e) {
      // Already reported. Close the connection: later frames depend on the one that failed.
      LOG.log(Level.WARNING, "a request of another member could not be carried out", e);
    } finally {
      connections.remove(socket);
    }
  }

  private void respond(RaftConnection peer, Frame request) throws IOException {
    byte[] body = request.body();
    switch (request.kind()) {
      case APPEND_ENTRIES -> {
        AppendEntries append = RaftMessageCodec.decodeAppendEntries(body);
        peer.send(
            Kind.APPEND_ENTRIES,
            RaftMessageCodec.encode(handler.handleAppendEntries(append, () -> reportBusy(peer))));
        handler.appendEntriesResponseSent();
      }
      case INSTALL_STATE ->
          peer.send(
              Kind.INSTALL_STATE,
              RaftMessageCodec.encode(
                  handler.handleInstallState(RaftMessageCodec.decodeInstallState(body))));
      case REQUEST_VOTE ->
          peer.send(
              Kind.REQUEST_VOTE,
              RaftMessageCodec.encode(
                  handler.handleRequestVote(RaftMessageCodec.decodeRequestVote(body))));
      case TIMEOUT_NOW -> {
        handler.handleTimeoutNow(RaftMessageCodec.decodeTimeoutNow(body));
        peer.send(Kind.TIMEOUT_NOW, new byte[0]);
      }
      case COMMIT_INDEX ->
          peer.send(Kind.COMMIT_INDEX, RaftMessageCodec.encode(handler.handleCommitIndexRequest()));
      case BUSY -> throw new IOException("not a request: " + request.kind());
    }
  }

  private static void reportBusy(RaftConnection leader) {
    try {
      leader.send(Kind.BUSY, new byte[0]);
    } catch (IOException e) {
      LOG.log(Level.DEBUG, "the leader has closed its connection", e);
    }
  }

  /** Closes the listener and all connections. */
  @Override
  public synchronized void close() throws IOException {
    closed = true;
    List<Closeable> sockets = new ArrayList<>(connections);
    if (listener != null) {
      sockets.add(listener);
    }
    IOException failure = null;
    for (Closeable socket : sockets) {
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
}
