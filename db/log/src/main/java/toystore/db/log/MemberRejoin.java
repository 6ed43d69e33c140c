package toystore.db.log;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * Lets a member that has lost its log rejoin its group under its old name. The member no longer
 * knows how it voted and which entries it acknowledged. Before it may vote again, it must hold
 * every entry that it may have acknowledged, and must not vote in a term in which it may have
 * voted. {@code db/raft/DESIGN.md} proves that the steps below ensure both.
 *
 * <p>Rejoining needs every other member. If one of them does not answer, or there is no leader, it
 * fails with the reason and changes nothing.
 */
public final class MemberRejoin {
  private static final System.Logger LOG = System.getLogger(MemberRejoin.class.getName());
  private static final Duration RETRY_DELAY = Duration.ofMillis(50);

  private MemberRejoin() {}

  /** Access to the other members while this member is stopped. */
  public interface Peers {
    /**
     * Makes the leader commit an entry that changes nothing.
     *
     * @throws IOException if no leader commits the entry in time
     */
    NoOpEntry commitNoOp() throws IOException;

    /** The current status of one member. */
    PeerStatus status(String member) throws IOException;
  }

  /**
   * An entry that was proposed and committed after the call that asked for it.
   *
   * @param leader the name of the leader that committed it
   */
  public record NoOpEntry(String leader, long index) {}

  /**
   * The status of one other member.
   *
   * @param term the highest term that it has seen
   * @param appliedIndex the index of the last entry that it has applied
   */
  public record PeerStatus(long term, long appliedIndex) {}

  /**
   * The conditions under which the member may rejoin.
   *
   * @param leader the member from which to fetch the state
   * @param index the last entry that the state must contain
   * @param term the last term in which the member must not vote
   */
  public record RejoinPoint(String leader, long index, long term) {}

  /**
   * A member that may rejoin.
   *
   * @param reached the position of its state
   * @param files its new, empty log
   */
  public record Rejoined(LogPosition reached, LogFiles.Intact files) {}

  /**
   * Makes the leader commit an entry, and waits until all other members have applied it. This
   * member must be stopped during the call.
   *
   * @param timeout how long the other members may take to apply the entry
   * @throws IOException if another member does not answer or does not apply the entry in time, or
   *     if there is no leader
   */
  public static RejoinPoint findRejoinPoint(LogGroup group, Peers peers, Duration timeout)
      throws IOException {
    List<String> names = group.self().others(group.members()).stream().map(Member::name).toList();
    if (names.isEmpty()) {
      throw new IOException(
          group.self().name()
              + " is the only member, so no other member can tell which entries it had");
    }
    long deadline = System.nanoTime() + timeout.toNanos();
    for (String name : names) {
      // Reports a member that is down at once instead of after the timeout.
      var _ = awaitApplied(peers, name, -1, System.nanoTime());
    }
    NoOpEntry entry = peers.commitNoOp();
    long term = 0;
    for (String name : names) {
      term = Math.max(term, awaitApplied(peers, name, entry.index(), deadline).term());
    }
    LOG.log(
        Level.INFO,
        "all other members have applied entry {0}; the leader is {1}; the highest term is {2}",
        Long.toString(entry.index()),
        entry.leader(),
        Long.toString(term));
    return new RejoinPoint(entry.leader(), entry.index(), term);
  }

  private static PeerStatus awaitApplied(Peers peers, String member, long index, long deadline)
      throws IOException {
    IOException last = null;
    do {
      try {
        PeerStatus status = peers.status(member);
        if (status.appliedIndex() >= index) {
          return status;
        }
        last = null;
      } catch (IOException e) {
        last = e;
      }
      pause();
    } while (System.nanoTime() - deadline < 0);
    throw new IOException(
        member
            + (last == null ? " does not catch up" : " does not answer")
            + "; every other member must, because this member no longer knows how it voted",
        last);
  }

  /**
   * Fetches the state up to at least the rejoin point, and only then creates the log directory. The
   * order matters: a member that has a log directory may be started and then takes part in
   * elections.
   */
  public static Rejoined rejoin(
      LogEngine engine, LogGroup group, Path directory, ReplicatedState state, RejoinPoint point)
      throws IOException {
    LogPosition reached = state.recoveredPosition();
    if (reached.index() < point.index()) {
      reached = state.install(point.leader());
    }
    if (reached.index() < point.index()) {
      throw new IOException(
          point.leader()
              + " returned a state up to "
              + reached
              + ", but entry "
              + point.index()
              + " is required");
    }
    LogFiles.Intact files =
        engine.createWithoutVote(group, directory, Math.max(point.term(), reached.term()));
    return new Rejoined(reached, files);
  }

  /**
   * Fetches the state of another member into a state that has lost entries which this member's own
   * log no longer holds. Any member that has the entries will do, because an entry is applied only
   * after it is committed.
   *
   * @param index the last entry that the state must contain
   * @param timeout after which to give up if no member has that entry
   */
  public static LogPosition rebuild(
      LogGroup group, ReplicatedState state, long index, Duration timeout) throws IOException {
    long deadline = System.nanoTime() + timeout.toNanos();
    IOException last = null;
    do {
      for (Member member : group.self().others(group.members())) {
        try {
          LogPosition reached = state.install(member.name());
          if (reached.index() >= index) {
            LOG.log(Level.INFO, "rebuilt the state up to {0} from {1}", reached, member.name());
            return reached;
          }
          last = new IOException(member.name() + " itself has only reached " + reached);
        } catch (IOException e) {
          last = e;
        }
      }
      pause();
    } while (System.nanoTime() - deadline < 0);
    throw new IOException(
        "no other member can provide the lost entries up to entry " + index, last);
  }

  private static void pause() throws IOException {
    try {
      Thread.sleep(RETRY_DELAY);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while waiting for the other members", e);
    }
  }
}
