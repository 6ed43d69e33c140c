package toystore.db.raft.transport;

import java.io.Closeable;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.util.Deque;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import toystore.db.log.Member;
import toystore.db.raft.core.RequestVote;
import toystore.db.raft.core.RequestVoteResponse;
import toystore.db.raft.transport.RaftConnection.Frame;
import toystore.db.raft.transport.RaftConnection.Kind;

/**
 * Calls other members. A leader sends its entries and heartbeats over a connection of its own per
 * follower ({@link #connect}). All other calls send one request, wait for its response, and keep
 * the connection for the next call.
 */
public final class RaftClient implements Closeable {
  private static final System.Logger LOG = System.getLogger(RaftClient.class.getName());

  private final UUID group;
  private final int timeoutMs;
  private final Map<Member, Deque<RaftConnection>> idle = new ConcurrentHashMap<>();
  private volatile boolean closed;

  /**
   * Creates a client without connections.
   *
   * @param timeoutMs how long a call waits for its response
   */
  public RaftClient(UUID group, int timeoutMs) {
    this.group = group;
    this.timeoutMs = timeoutMs;
  }

  public int timeoutMs() {
    return timeoutMs;
  }

  /** Opens a connection. The host name is resolved each time, because a host may move. */
  public RaftConnection connect(Member member) throws IOException {
    if (closed) {
      throw new IOException("this member is closed");
    }
    return RaftConnection.open(
        new InetSocketAddress(member.host(), member.port()), timeoutMs, group);
  }

  public RequestVoteResponse requestVote(Member voter, RequestVote request) throws IOException {
    return RaftMessageCodec.decodeRequestVoteResponse(
        call(voter, Kind.REQUEST_VOTE, RaftMessageCodec.encode(request)));
  }

  /** Requests a vote on a new thread. Any failure completes the future exceptionally. */
  public CompletableFuture<RequestVoteResponse> requestVoteAsync(
      Member voter, RequestVote request) {
    CompletableFuture<RequestVoteResponse> response = new CompletableFuture<>();
    Runnable call =
        () -> {
          try {
            response.complete(requestVote(voter, request));
          } catch (IOException | RuntimeException e) {
            response.completeExceptionally(e);
          }
        };
    try {
      Thread.ofPlatform().daemon().name("raft-call").start(call);
    } catch (OutOfMemoryError e) {
      response.completeExceptionally(new IOException("no thread for a call", e));
    }
    return response;
  }

  public void timeoutNow(Member follower, TimeoutNow request) throws IOException {
    var _ = call(follower, Kind.TIMEOUT_NOW, RaftMessageCodec.encode(request));
  }

  public CommitIndexResponse commitIndex(Member leader) throws IOException {
    return RaftMessageCodec.decodeCommitIndexResponse(call(leader, Kind.COMMIT_INDEX, new byte[0]));
  }

  private byte[] call(Member member, Kind kind, byte[] request) throws IOException {
    RaftConnection kept = idleConnections(member).poll();
    if (kept != null) {
      try {
        return exchange(member, kept, kind, request);
      } catch (SocketTimeoutException e) {
        throw e;
      } catch (IOException e) {
        LOG.log(Level.DEBUG, member + " has restarted since the last call", e);
      }
    }
    return exchange(member, connect(member), kind, request);
  }

  private Deque<RaftConnection> idleConnections(Member member) {
    return idle.computeIfAbsent(member, key -> new ConcurrentLinkedDeque<>());
  }

  private byte[] exchange(Member member, RaftConnection connection, Kind kind, byte[] request)
      throws IOException {
    boolean keep = false;
    try {
      connection.receiveTimeout(timeoutMs);
      connection.send(kind, request);
      Frame response = connection.receive();
      if (response.kind() != kind) {
        throw new IOException(member.name() + " responded to " + kind + " with " + response.kind());
      }
      keep = !closed;
      return response.body();
    } finally {
      if (keep) {
        idleConnections(member).push(connection);
      } else {
        connection.close();
      }
    }
  }

  /** Closes the idle connections. Later calls fail. */
  @Override
  public void close() {
    closed = true;
    idle.values().forEach(connections -> connections.forEach(RaftConnection::close));
  }
}
