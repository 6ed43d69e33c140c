package toystore.db.replication;

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
import org.apache.ratis.proto.RaftProtos.AppendEntriesReplyProto;
import org.apache.ratis.proto.RaftProtos.AppendEntriesReplyProto.AppendResult;
import org.apache.ratis.proto.RaftProtos.AppendEntriesRequestProto;
import org.apache.ratis.proto.RaftProtos.InstallSnapshotReplyProto;
import org.apache.ratis.proto.RaftProtos.InstallSnapshotRequestProto;
import org.apache.ratis.proto.RaftProtos.InstallSnapshotResult;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.proto.RaftProtos.RaftRpcReplyProto;
import org.apache.ratis.proto.RaftProtos.RaftRpcRequestProto;
import org.apache.ratis.proto.RaftProtos.RequestVoteReplyProto;
import org.apache.ratis.proto.RaftProtos.RequestVoteRequestProto;
import org.apache.ratis.proto.RaftProtos.TermIndexProto;
import org.apache.ratis.thirdparty.com.google.protobuf.MessageLite;
import org.jspecify.annotations.Nullable;
import toystore.db.replication.RaftConnection.Frame;

/** A member that votes for whoever asks and follows as a test says, over real sockets. */
final class ScriptedMember implements AutoCloseable {
  /** What a member does with a message. */
  @FunctionalInterface
  interface Script {
    Act on(AppendEntriesRequestProto message);
  }

  enum Act {
    /** As a good member does. */
    APPEND,
    /** Appends, and the answer is lost. */
    APPEND_SILENTLY,
    REFUSE,

    /** Refuses, and names an index one lower than the time before. */
    REFUSE_LOWER,
    HANG_UP
  }

  private final ServerSocket listener;
  private final List<Socket> open = new CopyOnWriteArrayList<>();
  private final List<LogEntryProto> log = new CopyOnWriteArrayList<>();
  private final AtomicInteger votes = new AtomicInteger();
  private final AtomicInteger notifications = new AtomicInteger();
  private final AtomicLong toldOf = new AtomicLong(-1);
  private final List<String> failures = new CopyOnWriteArrayList<>();
  private volatile boolean grants = true;
  private volatile long hearsOfNoLess;
  private int stepsBack;
  private volatile Script script = message -> Act.APPEND;

  ScriptedMember(int port) throws IOException {
    listener = new ServerSocket(port, 16, InetAddress.getLoopbackAddress());
    Thread.ofPlatform().daemon().start(this::accept);
  }

  /** Asks for its vote are counted and refused from here on. */
  void grantNoVotes() {
    grants = false;
  }

  /** Where the leader's log begins it hears of only from this index on, as if told of it before. */
  void hearOfNoLessThan(long index) {
    hearsOfNoLess = index;
  }

  /** Forgets what it has appended, and whoever is connected. */
  void loseLog() {
    log.clear();
    for (Socket socket : open) {
      close(socket);
    }
  }

  void follow(Script next) {
    script = next;
  }

  /** What it has appended. */
  List<LogEntryProto> log() {
    return log;
  }

  /** How often it was asked for its vote. */
  int votes() {
    return votes.get();
  }

  /** How often it was told to fetch what it misses. */
  int notifications() {
    return notifications.get();
  }

  /** The highest first index of the leader's log that it has heard of; -1 without any. */
  long toldOf() {
    return toldOf.get();
  }

  /** What must not happen to it. */
  List<String> failures() {
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
        RaftConnection peer = RaftConnection.accepted(socket)) {
      while (true) {
        Frame asked = peer.receive();
        MessageLite answer;
        try {
          answer = answer(asked);
        } catch (IllegalArgumentException e) {
          peer.sendFailure(e);
          continue;
        }
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

  private @Nullable MessageLite answer(Frame asked) throws IOException {
    return switch (asked.kind()) {
      case VOTE -> vote(RequestVoteRequestProto.parseFrom(asked.body()));
      case APPEND -> append(AppendEntriesRequestProto.parseFrom(asked.body()));
      case INSTALL -> told(InstallSnapshotRequestProto.parseFrom(asked.body()));
      case STAND, READ_INDEX, FAILED -> throw new IOException("not in any script");
    };
  }

  static RaftRpcReplyProto.Builder reply(RaftRpcRequestProto to) {
    return RaftRpcReplyProto.newBuilder()
        .setRequestorId(to.getRequestorId())
        .setReplyId(to.getReplyId())
        .setRaftGroupId(to.getRaftGroupId())
        .setCallId(to.getCallId())
        .setSuccess(true);
  }

  private RequestVoteReplyProto vote(RequestVoteRequestProto request) {
    votes.incrementAndGet();
    return RequestVoteReplyProto.newBuilder()
        .setServerReply(reply(request.getServerRequest()).setSuccess(grants))
        .setTerm(request.getCandidateTerm())
        .setLastEntry(TermIndexProto.newBuilder().setIndex(log.size() - 1L))
        .build();
  }

  private synchronized @Nullable AppendEntriesReplyProto append(AppendEntriesRequestProto message)
      throws IOException {
    Act act = script.on(message);
    if (act == Act.HANG_UP) {
      throw new IOException("hangs up");
    }
    AppendEntriesReplyProto.Builder answer =
        AppendEntriesReplyProto.newBuilder()
            .setServerReply(reply(message.getServerRequest()))
            .setTerm(message.getLeaderTerm())
            .setIsHearbeat(message.getEntriesCount() == 0)
            .setMatchIndex(-1);
    if (act == Act.REFUSE_LOWER) {
      stepsBack++;
      return answer
          .setResult(AppendResult.INCONSISTENCY)
          .setNextIndex(Math.max(0, log.size() - stepsBack))
          .build();
    }
    if (act == Act.REFUSE || !fits(message)) {
      return answer.setResult(AppendResult.INCONSISTENCY).setNextIndex(log.size()).build();
    }
    for (LogEntryProto entry : message.getEntriesList()) {
      if (entry.getIndex() < log.size()) {
        log.set((int) entry.getIndex(), entry);
      } else {
        log.add(entry);
      }
    }
    if (message.getEntriesCount() > 0) {
      answer.setMatchIndex(message.getEntries(message.getEntriesCount() - 1).getIndex());
    }
    return act == Act.APPEND_SILENTLY
        ? null
        : answer.setResult(AppendResult.SUCCESS).setNextIndex(log.size()).build();
  }

  /** Raft §5.3: the entry before the first one must be there. */
  private boolean fits(AppendEntriesRequestProto message) {
    return !message.hasPreviousLog() || message.getPreviousLog().getIndex() < log.size();
  }

  private InstallSnapshotReplyProto told(InstallSnapshotRequestProto request) {
    notifications.incrementAndGet();
    long first = request.getNotification().getFirstAvailableTermIndex().getIndex();
    if (first < hearsOfNoLess) {
      throw new IllegalArgumentException("it was told of " + hearsOfNoLess + " before");
    }
    toldOf.accumulateAndGet(first, Math::max);
    return InstallSnapshotReplyProto.newBuilder()
        .setServerReply(reply(request.getServerRequest()))
        .setTerm(request.getLeaderTerm())
        .setResult(InstallSnapshotResult.IN_PROGRESS)
        .build();
  }

  /** The start of a question of one member to another. */
  static RaftRpcRequestProto request(UUID group, String from, String to, long callId) {
    return RaftRpcRequestProto.newBuilder()
        .setRequestorId(org.apache.ratis.protocol.RaftPeerId.valueOf(from).toByteString())
        .setReplyId(org.apache.ratis.protocol.RaftPeerId.valueOf(to).toByteString())
        .setRaftGroupId(
            org.apache.ratis.proto.RaftProtos.RaftGroupIdProto.newBuilder()
                .setId(org.apache.ratis.protocol.RaftGroupId.valueOf(group).toByteString()))
        .setCallId(callId)
        .build();
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
