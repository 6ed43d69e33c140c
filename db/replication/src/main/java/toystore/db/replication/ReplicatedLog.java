package toystore.db.replication;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.apache.ratis.proto.RaftProtos.ServerRpcProto;
import org.apache.ratis.protocol.ClientId;
import org.apache.ratis.protocol.RaftClientAsynchronousProtocol;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.protocol.RaftClientRequest;
import org.apache.ratis.protocol.RaftGroup;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.protocol.TransferLeadershipRequest;
import org.apache.ratis.protocol.exceptions.AlreadyClosedException;
import org.apache.ratis.protocol.exceptions.ServerNotReadyException;
import org.apache.ratis.rpc.CallId;
import org.apache.ratis.server.DivisionInfo;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.storage.RaftStorage;
import org.apache.ratis.util.ExitUtils;
import org.jspecify.annotations.Nullable;
import toystore.db.storage.LogPosition;
import toystore.db.storage.StorageException;

/**
 * A log that a group of members agrees on by Raft (Ongaro & Ousterhout 2014) and that drives a
 * {@link ReplicatedState} on each of them. A group of one and a group of three are the same code.
 */
public final class ReplicatedLog implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(ReplicatedLog.class.getName());
  private static final Duration LOOK = Duration.ofMillis(250);
  private static final long TRANSFER_MS = 1_000;

  /** 15 s: much longer than a disk or a majority that is merely slow takes. */
  private static final int STALLED_LOOKS = 60;

  /** What applying a command gave, and the index of its entry. */
  public record Applied(long index, Object result) {}

  private final Member self;
  private final Member highest;
  private final RaftGroupId groupId;
  private final RaftServer server;
  private final ClientId client = ClientId.randomId();
  private final LogListener listener;
  private final LeadershipKeeper keeper;
  private final List<Member> members;
  private final LeaderWatch leaderWatch;
  private final StallWatch stallWatch = new StallWatch(STALLED_LOOKS);
  private final LeaderProof proof = new LeaderProof(this::fence);
  private final ScheduledThreadPoolExecutor watch;
  private volatile boolean closing;

  private ReplicatedLog(
      Member self,
      List<Member> members,
      RaftGroupId groupId,
      RaftServer server,
      LogSettings settings,
      LogListener listener) {
    this.self = self;
    this.members = List.copyOf(members);
    this.highest = members.stream().max(Comparator.comparingInt(Member::id)).orElse(self);
    this.groupId = groupId;
    this.server = server;
    this.listener = listener;
    this.keeper = new LeadershipKeeper(settings.caughtUpFor());
    this.leaderWatch =
        new LeaderWatch(new Succession(self, members, server, groupId, listener)::follow);
    this.watch =
        new ScheduledThreadPoolExecutor(
            1, Thread.ofPlatform().daemon().name("raft-watch").factory());
  }

  /**
   * Starts this member. It takes part in elections from here on.
   *
   * @param group which group, the same on all members
   * @param directory where Ratis keeps its log; belongs to the state's file and never without it
   * @throws StorageException if the directory is damaged or does not fit the state
   */
  public static ReplicatedLog start(
      UUID group,
      Member self,
      List<Member> members,
      Path directory,
      LogSettings settings,
      ReplicatedState state,
      LogListener listener) {
    keepRatisFromExiting();
    RaftGroupId groupId = RaftGroupId.valueOf(group);
    List<RaftPeer> peers =
        members.stream()
            .map(
                m ->
                    RaftPeer.newBuilder()
                        .setId(m.name())
                        .setAddress(m.host() + ":" + m.port())
                        .setPriority(m.id())
                        .build())
            .toList();
    requireLogFor(state.recovered(), directory);
    try {
      TornTail.mend(directory);
      RaftServer server =
          RaftServer.newBuilder()
              .setServerId(RaftPeerId.valueOf(self.name()))
              .setGroup(RaftGroup.valueOf(groupId, peers))
              .setStateMachineRegistry(id -> new RatisStateMachine(state, listener))
              .setOption(RaftStorage.StartupOption.RECOVER)
              .setProperties(RatisProperties.of(directory, settings))
              .setParameters(RatisProperties.parameters(self))
              .build();
      ReplicatedLog log = new ReplicatedLog(self, members, groupId, server, settings, listener);
      log.run(state.recovered());
      return log;
    } catch (IOException | ExitUtils.ExitException e) {
      throw new StorageException("the Raft log in " + directory + " cannot be started", e);
    }
  }

  /** The state is made from the log: a state without its log has lost its votes. */
  private static void requireLogFor(LogPosition recovered, Path directory) {
    if (recovered.index() >= 0 && !Files.isDirectory(directory)) {
      throw new StorageException(
          "there is data up to "
              + recovered
              + " but no Raft log in "
              + directory
              + ": this member has lost its votes; put the directory back, or have the node"
              + " healed");
    }
  }

  // Ratis ends the JVM where it cannot bind its port; a library must leave that to its user.
  private static void keepRatisFromExiting() {
    Thread.UncaughtExceptionHandler handler = Thread.getDefaultUncaughtExceptionHandler();
    ExitUtils.disableSystemExit();
    ExitUtils.setTerminateOnUncaughtException(false);
    Thread.setDefaultUncaughtExceptionHandler(handler);
  }

  private void run(LogPosition recovered) throws IOException {
    try {
      server.start();
      requireDataFor(division().getRaftLog().getStartIndex(), recovered);
    } catch (IOException | RuntimeException e) {
      // Else its threads go on, and the directory stays locked.
      closeAfter(e);
      throw e;
    }
    watch.scheduleWithFixedDelay(
        this::look, LOOK.toMillis(), LOOK.toMillis(), TimeUnit.MILLISECONDS);
  }

  private static void requireDataFor(long first, LogPosition recovered) {
    if (first > recovered.index() + 1) {
      throw new StorageException(
          "the Raft log begins at "
              + first
              + ", the data end at "
              + recovered.index()
              + ": what lies between is lost here; have the node healed");
    }
  }

  private void closeAfter(Exception cause) {
    try {
      server.close();
    } catch (IOException | RuntimeException e) {
      cause.addSuppressed(e);
    }
  }

  private RaftServer.Division division() throws IOException {
    return server.getDivision(groupId);
  }

  /**
   * Puts a command into the log. The future gives what applying it here gave, or fails with {@link
   * NotLeaderException} if the command certainly did not get into the log, or with {@link
   * IndeterminateException} if it may have.
   */
  public CompletableFuture<Applied> submit(byte[] command) {
    Submission submission = new Submission(command);
    stallWatch.asked();
    return send(submission, RaftClientRequest.writeRequestType())
        .handle(
            (reply, e) -> {
              stallWatch.answered();
              if (e == null
                  && reply.isSuccess()
                  && reply.getMessage() instanceof Submission.Result result) {
                return new Applied(result.index(), result.value());
              }
              throw failure(submission, reply, e);
            });
  }

  /**
   * Commits an entry that changes nothing. Whoever has applied it has applied all before it; on a
   * member that leads.
   */
  public CompletableFuture<Applied> fence() {
    return submit(new byte[0]);
  }

  private CompletableFuture<RaftClientReply> send(
      Submission submission, RaftClientRequest.Type type) {
    RaftClientRequest request =
        RaftClientRequest.newBuilder()
            .setClientId(client)
            .setServerId(server.getId())
            .setGroupId(groupId)
            .setCallId(CallId.getAndIncrement())
            .setMessage(submission)
            .setType(type)
            .build();
    try {
      // The division itself: the server would add a hop through a pool of threads.
      return ((RaftClientAsynchronousProtocol) division()).submitClientRequestAsync(request);
    } catch (IOException | RuntimeException | Error e) {
      // Whatever it is, whoever counts questions and answers gets an answer.
      return CompletableFuture.failedFuture(e);
    }
  }

  private CompletionException failure(
      Submission submission, @Nullable RaftClientReply reply, @Nullable Throwable e) {
    Throwable cause = e instanceof CompletionException && e.getCause() != null ? e.getCause() : e;
    if (cause == null && reply != null) {
      cause = reply.getException();
    }
    if (submission.appended()) {
      return new CompletionException(
          new IndeterminateException("the entry may or may not be committed", cause));
    }
    if (cause != null && !meansNotLeader(cause)) {
      LOG.log(Level.WARNING, "a command was refused by the log", cause);
    }
    return new CompletionException(new NotLeaderException(otherLeader()));
  }

  private static boolean meansNotLeader(Throwable cause) {
    return switch (cause) {
      case org.apache.ratis.protocol.exceptions.NotLeaderException e -> true;
      case org.apache.ratis.protocol.exceptions.LeaderNotReadyException e -> true;
      case org.apache.ratis.protocol.exceptions.LeaderSteppingDownException e -> true;
      case org.apache.ratis.protocol.exceptions.ResourceUnavailableException e -> true;
      case ServerNotReadyException e -> true;
      case AlreadyClosedException e -> true;
      default -> false;
    };
  }

  /** The leader if it is another member. */
  private @Nullable String otherLeader() {
    String leader = status().leader();
    return self.name().equals(leader) ? null : leader;
  }

  /**
   * Linearizable read (Raft §8): completes once this member has applied all that was committed when
   * this was called. Works on any member; fails when no leader can be reached. Where it completes
   * on a leader, that one still led after the call.
   *
   * <p>A follower asks its leader for the commit index. In a group of three that is enough: as long
   * as the follower takes it for the leader, nobody else can have been elected without either of
   * the two.
   */
  public CompletableFuture<Void> barrier() {
    if (members.size() > 1 && leads()) {
      return proof.ask();
    }
    return send(new Submission(new byte[0]), RaftClientRequest.readRequestType(false, false, true))
        .thenAccept(
            reply -> {
              if (!reply.isSuccess()) {
                throw new CompletionException(
                    new IOException("no linearizable read now", reply.getException()));
              }
            });
  }

  /** Whether this member leads and is ready for commands. */
  public boolean leads() {
    try {
      return division().getInfo().isLeaderReady();
    } catch (IOException e) {
      return false;
    }
  }

  /** This member as it sees itself; cheap enough to ask often. */
  public LogStatus status() {
    try {
      RaftServer.Division division = division();
      DivisionInfo info = division.getInfo();
      RaftPeerId leader = info.getLeaderId();
      long commit = division.getRaftLog().getLastCommittedIndex();
      Map<String, Long> lag = new HashMap<>();
      followers(info).forEach((name, f) -> lag.put(name, Math.max(0, commit - f.match())));
      return new LogStatus(
          info.isLeaderReady(),
          leader == null ? null : leader.toString(),
          info.getCurrentTerm(),
          commit,
          info.getLastAppliedIndex(),
          lag);
    } catch (IOException e) {
      return new LogStatus(false, null, 0, -1, -1, Map.of());
    }
  }

  private record Follower(long match, long silentMs) {}

  private static Map<String, Follower> followers(DivisionInfo info) {
    Map<String, Follower> followers = new HashMap<>();
    long[] match = info.getFollowerMatchIndices();
    if (info.isLeader() && match != null) {
      List<ServerRpcProto> peers = info.getRoleInfoProto().getLeaderInfo().getFollowerInfoList();
      for (int i = 0; i < Math.min(match.length, peers.size()); i++) {
        followers.put(
            peers.get(i).getId().getId().toStringUtf8(),
            new Follower(match[i], peers.get(i).getLastRpcElapsedTimeMs()));
      }
    }
    return followers;
  }

  /** Every {@link #LOOK}: is this member alive, whom to watch, and should a higher one lead? */
  private void look() {
    if (closing) {
      return;
    }
    try {
      RaftServer.Division division = division();
      DivisionInfo info = division.getInfo();
      if (!info.isAlive()) {
        listener.fatal("the Raft log has stopped", null);
      } else if (info.isLeaderReady()) {
        if (stallWatch.isStalled() && someFollowerKeepsUp(division, info)) {
          listener.fatal("this member leads and commits nothing", null);
        }
        giveWay(division, info);
      } else {
        keeper.reset();
      }
      leaderWatch.watch(info.isFollower() ? member(info.getLeaderId()) : null);
    } catch (IOException | RuntimeException e) {
      if (!closing) {
        listener.fatal("the Raft log cannot be watched", e);
      }
    }
  }

  /** Else a majority may be missing, or still be filled: nobody could commit anything. */
  private static boolean someFollowerKeepsUp(RaftServer.Division division, DivisionInfo info) {
    long commit = division.getRaftLog().getLastCommittedIndex();
    Map<String, Follower> followers = followers(info);
    return followers.isEmpty() || followers.values().stream().anyMatch(f -> f.match() >= commit);
  }

  /** Whether this member follows and would notice the end of the leader's process at once. */
  boolean watchesLeader() {
    return leaderWatch.connected();
  }

  private @Nullable Member member(@Nullable RaftPeerId id) {
    return members.stream()
        .filter(m -> id != null && m.name().equals(id.toString()))
        .findFirst()
        .orElse(null);
  }

  /**
   * Ratis hands leadership only to the member of the highest priority of all, dead or alive. So if
   * the second highest lost an election under load to a lower one with a longer log, it waits for
   * the next election.
   */
  private void giveWay(RaftServer.Division division, DivisionInfo info) throws IOException {
    Follower follower = followers(info).get(highest.name());
    boolean yield =
        follower != null
            && keeper.shouldYieldTo(
                highest.name(), follower.match(), follower.silentMs(), System.nanoTime());
    keeper.looked(division.getRaftLog().getLastCommittedIndex());
    if (yield) {
      LOG.log(Level.INFO, "{0} gives leadership to {1}", self.name(), highest.name());
      keeper.reset();
      transferTo(highest);
    }
  }

  private void transferTo(Member member) throws IOException {
    TransferLeadershipRequest request =
        new TransferLeadershipRequest(
            client,
            server.getId(),
            groupId,
            CallId.getAndIncrement(),
            RaftPeerId.valueOf(member.name()),
            TRANSFER_MS);
    server
        .transferLeadershipAsync(request)
        .whenComplete(
            (reply, e) -> {
              if (e != null || !reply.isSuccess()) {
                LOG.log(
                    Level.INFO,
                    "leadership stays with {0} for now: {1}",
                    self.name(),
                    e != null ? e : reply.getException());
              }
            });
  }

  /** Leaves the group's work: applies what is committed, then stops. The state stays open. */
  @Override
  public void close() {
    closing = true;
    watch.shutdown();
    leaderWatch.close();
    try {
      server.close();
    } catch (IOException e) {
      LOG.log(Level.WARNING, "the Raft log did not close cleanly", e);
    }
  }
}
