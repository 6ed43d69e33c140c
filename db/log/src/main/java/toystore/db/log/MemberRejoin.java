package toystore.db.log;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * Brings a member back that has lost its Raft log, under its old name. Its votes and what it
 * acknowledged are forgotten, so before it takes part again it has to know as much as it may ever
 * have promised (why this is enough: {@code DESIGN.md}, "A member that has forgotten").
 *
 * <p>It needs every other member. Where one does not answer, or nobody leads, it changes nothing
 * and says why.
 */
public final class MemberRejoin {
  private static final System.Logger LOG = System.getLogger(MemberRejoin.class.getName());
  private static final Duration PAUSE = Duration.ofMillis(50);

  private MemberRejoin() {}

  /** The other members, asked from outside their group: this member does not run yet. */
  public interface Others {
    /**
     * Has the leader commit one more entry.
     *
     * @throws IOException if no leader does so in time
     */
    Fence fence() throws IOException;

    /** How a member sees itself now. */
    Seen ask(String member) throws IOException;
  }

  /** An entry that was committed after it was asked for, and by whom. */
  public record Fence(String leader, long index) {}

  /** A member's highest term, and the index of the last entry that it has applied. */
  public record Seen(long term, long appliedIndex) {}

  /** What the others must have shown before anything is changed here. */
  public record Promise(String leader, long index, long term) {}

  /** A member that may take part again: where its state is, and its new, empty log. */
  public record Rejoined(LogPosition reached, LogFiles.Intact files) {}

  /**
   * Lets the leader commit an entry, and waits until all others have applied it. While they do,
   * nothing of this member runs.
   *
   * @return what this member has to know before it takes part again
   */
  public static Promise askOthers(LogGroup group, Others others, Duration patience)
      throws IOException {
    List<String> names = group.self().others(group.members()).stream().map(Member::name).toList();
    if (names.isEmpty()) {
      throw new IOException(
          group.self().name() + " is the only member: there is nobody to learn from");
    }
    long end = System.nanoTime() + patience.toNanos();
    for (String name : names) {
      // One that is not there at all is told of at once.
      var _ = ask(others, name, -1, System.nanoTime());
    }
    Fence fence = others.fence();
    long term = 0;
    for (String name : names) {
      term = Math.max(term, ask(others, name, fence.index(), end).term());
    }
    LOG.log(
        Level.INFO,
        "all others have applied entry {0}; {1} leads; their highest term is {2}",
        Long.toString(fence.index()),
        fence.leader(),
        Long.toString(term));
    return new Promise(fence.leader(), fence.index(), term);
  }

  private static Seen ask(Others others, String member, long index, long end) throws IOException {
    IOException last = null;
    do {
      try {
        Seen seen = others.ask(member);
        if (seen.appliedIndex() >= index) {
          return seen;
        }
        last = null;
      } catch (IOException e) {
        last = e;
      }
      pause();
    } while (System.nanoTime() - end < 0);
    throw new IOException(
        member
            + (last == null ? " does not catch up" : " does not answer")
            + "; every other member has to, since this one has forgotten what it promised them",
        last);
  }

  /**
   * Makes the state hold all up to the promised entry, and then the Raft directory whose vote is
   * used up. The order matters: a directory that is there may take part.
   */
  public static Rejoined rejoin(
      LogEngine engine, LogGroup group, Path directory, ReplicatedState state, Promise promise)
      throws IOException {
    LogPosition reached = state.recovered();
    if (reached.index() < promise.index()) {
      reached = state.install(promise.leader());
    }
    if (reached.index() < promise.index()) {
      throw new IOException(
          promise.leader() + " gave the state as of " + reached + ", wanted " + promise.index());
    }
    LogFiles.Intact files =
        engine.createWithoutVote(group, directory, Math.max(promise.term(), reached.term()));
    return new Rejoined(reached, files);
  }

  /**
   * Makes a state that was set back hold all that its own log no longer has, from any member that
   * has it: what others have applied is committed.
   *
   * @param index what the state has to reach
   */
  public static LogPosition rebuild(
      LogGroup group, ReplicatedState state, long index, Duration patience) throws IOException {
    long end = System.nanoTime() + patience.toNanos();
    IOException last = null;
    do {
      for (Member member : group.self().others(group.members())) {
        try {
          LogPosition reached = state.install(member.name());
          if (reached.index() >= index) {
            LOG.log(Level.INFO, "rebuilt up to {0} from {1}", reached, member.name());
            return reached;
          }
          last = new IOException(member.name() + " itself is only at " + reached);
        } catch (IOException e) {
          last = e;
        }
      }
      pause();
    } while (System.nanoTime() - end < 0);
    throw new IOException("no other member has what was lost here, up to entry " + index, last);
  }

  private static void pause() throws IOException {
    try {
      Thread.sleep(PAUSE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while others were asked", e);
    }
  }
}
