package toystore.node.replica;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import toystore.db.log.LogEngine;
import toystore.db.log.LogFiles;
import toystore.db.log.LogGroup;
import toystore.db.log.LogPosition;
import toystore.db.log.MemberRejoin;
import toystore.db.log.ReplicatedState;
import toystore.db.storage.DamagedFileException;
import toystore.db.storage.LogPositionTable;
import toystore.db.storage.Quarantine;
import toystore.db.storage.StorageException;

/**
 * What happens before a member takes part: its vote, its log and its file are looked at, what can
 * safely be rebuilt is rebuilt, and everything else is refused with the command that helps.
 *
 * @param <S> the state that the log drives
 */
final class ReplicaStartup<S extends ReplicatedState> {
  private static final System.Logger LOG = System.getLogger(ReplicaStartup.class.getName());
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /** Asked by a person, who sees the reason: soon enough. */
  private static final Duration REJOIN_PATIENCE = Duration.ofSeconds(8);

  private final String node;
  private final LogEngine engine;
  private final LogGroup group;
  private final Path raft;
  private final MembershipMarker mark;
  private final DataFile<S> data;
  private final MemberRejoin.Peers others;

  ReplicaStartup(
      String node,
      LogEngine engine,
      LogGroup group,
      Path raft,
      MembershipMarker mark,
      DataFile<S> data,
      MemberRejoin.Peers others) {
    this.node = node;
    this.engine = engine;
    this.group = group;
    this.raft = raft;
    this.mark = mark;
    this.data = data;
    this.others = others;
  }

  /**
   * A member whose files fit together.
   *
   * @param log the files of its own log
   */
  record Ready<S>(DataFile.Opened<S> opened, LogFiles.Intact log) {}

  /** Looks, rebuilds what can be, and makes the Raft directory where there is none yet. */
  Ready<S> prepare() {
    return switch (engine.open(group, raft)) {
      case LogFiles.Absent absent -> first();
      case LogFiles.Damaged damaged -> throw forgotten("its Raft log is damaged", damaged.reason());
      case LogFiles.Intact whole -> {
        mark.make();
        yield new Ready<>(dataFor(whole), whole);
      }
    };
  }

  private Ready<S> first() {
    if (data.isThere()) {
      throw forgotten("its Raft log is gone", "there is " + data.path() + " but no " + raft);
    }
    if (mark.isThere()) {
      throw forgotten("its files are gone", "it has been a member, and there is no " + raft);
    }
    // In this order: where there is a mark, there was a vote.
    LogFiles.Intact log = engine.create(group, raft, LogPosition.NONE);
    mark.make();
    return new Ready<>(data.open(), log);
  }

  private StorageException forgotten(String what, String why) {
    return new StorageException(
        node
            + " must not take part, "
            + what
            + ": "
            + why
            + "; it may have forgotten a vote or entries that it acknowledged. "
            + (alone()
                ? "It is the only member of its group, so nobody else has them: restore its"
                    + " directory from a backup"
                : "With all others running: toyctl heal " + node));
  }

  private boolean alone() {
    return group.hasOneMember();
  }

  /** The data that this log goes on from; rebuilt where they are damaged or gone. */
  private DataFile.Opened<S> dataFor(LogFiles.Intact log) {
    Attempt<S> attempt = openOrReplace(log);
    DataFile.Opened<S> opened = attempt.opened();
    try {
      LogPosition at = opened.state().recoveredPosition();
      // A whole file that holds nothing is that of a member which stopped before its first entry.
      if (attempt.anew() && log.isEmpty() && log.currentTerm() > 0) {
        throw forgotten(
            "its data are gone and its log holds no entry", "nobody can tell what it had");
      }
      if (at.index() < log.firstIndex() - 1) {
        fetch(opened.state(), log, at);
      }
      requireLogFor(opened, log);
      return opened;
    } catch (RuntimeException e) {
      opened.database().close();
      throw e;
    }
  }

  /**
   * An open data file.
   *
   * @param anew there was none, or it was damaged
   */
  private record Attempt<S extends ReplicatedState>(DataFile.Opened<S> opened, boolean anew) {}

  private Attempt<S> openOrReplace(LogFiles.Intact log) {
    boolean there = data.isThere();
    try {
      if (!there && log.firstIndex() > 0) {
        requireSource(log, data.path() + " is gone");
      }
      return new Attempt<>(data.open(), !there);
    } catch (DamagedFileException e) {
      requireSource(log, String.valueOf(e.getMessage()));
      data.setAside(String.valueOf(e.getMessage()));
      return new Attempt<>(data.open(), true);
    }
  }

  /** A file is given up only where there is something to make a new one from. */
  private void requireSource(LogFiles.Intact log, String why) {
    if (log.firstIndex() > 0 && alone()) {
      throw new StorageException(
          node
              + " cannot be rebuilt: "
              + why
              + "; it is the only member of its group, and its log begins at "
              + log.firstIndex()
              + ". Restore its directory from a backup");
    }
  }

  /** The rows come from what another member has applied, so they are committed. */
  private void fetch(S state, LogFiles.Intact log, LogPosition at) {
    LOG.log(
        Level.INFO,
        "{0}: the data end at {1}, the log begins at {2}; what lies between comes from others",
        node,
        Long.toString(at.index()),
        Long.toString(log.firstIndex()));
    requireSource(log, "its data end at " + at.index());
    try {
      var _ = MemberRejoin.rebuild(group, state, log.firstIndex() - 1, PATIENCE);
    } catch (IOException e) {
      throw new StorageException(node + " cannot be rebuilt now", e);
    }
  }

  /**
   * A log that ends before the data has lost entries, unless the data came from another member. To
   * the others it would look like one that is merely behind.
   */
  private void requireLogFor(DataFile.Opened<S> opened, LogFiles.Intact log) {
    LogPosition at = opened.state().recoveredPosition();
    LogPosition installed = opened.database().read(LogPositionTable::readInstalled);
    if (at.index() > Math.max(log.lastIndex(), installed.index())) {
      throw forgotten(
          "its Raft log has lost its end",
          "the log ends at " + log.lastIndex() + ", the data at " + at.index());
    }
  }

  /**
   * Makes this member a fresh one under its old name, for an operator who asked for it: what is
   * left of its Raft log is set aside, a whole data file is kept.
   */
  Ready<S> heal() {
    // First: whatever becomes of this, a later start without it must not make a new member.
    mark.make();
    try {
      MemberRejoin.RejoinPoint rejoinPoint =
          MemberRejoin.findRejoinPoint(group, others, REJOIN_PATIENCE);
      if (Files.exists(raft)) {
        Path aside = Quarantine.setAside(raft);
        LOG.log(Level.WARNING, "{0} was set aside as {1}", raft, aside.getFileName());
      }
      DataFile.Opened<S> opened = openFor(rejoinPoint);
      try {
        MemberRejoin.Rejoined back =
            MemberRejoin.rejoin(engine, group, raft, opened.state(), rejoinPoint);
        LOG.log(Level.INFO, "{0} goes on from {1}", node, back.reached());
        return new Ready<>(opened, back.files());
      } catch (IOException | RuntimeException e) {
        opened.database().close();
        throw e;
      }
    } catch (IOException e) {
      throw new StorageException(
          node + " cannot be healed now, and nothing of it takes part: " + e.getMessage(), e);
    }
  }

  private DataFile.Opened<S> openFor(MemberRejoin.RejoinPoint rejoinPoint) {
    DataFile.Opened<S> opened;
    try {
      opened = data.open();
    } catch (DamagedFileException e) {
      data.setAside(String.valueOf(e.getMessage()));
      return data.open();
    }
    if (opened.state().recoveredPosition().index() >= rejoinPoint.index()) {
      // It was proposed when this member had stopped: it cannot have been applied here.
      String why =
          "it says " + opened.state().recoveredPosition() + ", the others are at " + rejoinPoint;
      opened.database().close();
      data.setAside(why);
      return data.open();
    }
    return opened;
  }
}
