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
 * Opens the files of a member before it takes part in its group, and rebuilds what can be rebuilt.
 * {@link StartPolicy} makes the decisions of a normal start; this class carries them out.
 *
 * @param <S> the state that the log drives
 */
final class ReplicaStartup<S extends ReplicatedState> {
  private static final System.Logger LOG = System.getLogger(ReplicaStartup.class.getName());

  /**
   * How long a start waits for other members.
   *
   * @param rebuild until one of them provides the missing entries
   * @param rejoin until all of them have responded; shorter, because an operator waits for it
   */
  record Timeouts(Duration rebuild, Duration rejoin) {
    static final Timeouts DEFAULT = new Timeouts(Duration.ofSeconds(60), Duration.ofSeconds(8));
  }

  private final String node;
  private final LogEngine engine;
  private final LogGroup group;
  private final Path raft;
  private final MembershipMarker marker;
  private final DataFile<S> data;
  private final MemberRejoin.Peers peers;
  private final Timeouts timeouts;
  private final StartPolicy policy;

  /**
   * Creates the start of one member.
   *
   * @param raft the directory of its log
   * @param peers the other members
   */
  ReplicaStartup(
      LogEngine engine,
      LogGroup group,
      Path raft,
      MembershipMarker marker,
      DataFile<S> data,
      MemberRejoin.Peers peers,
      Timeouts timeouts) {
    this.node = group.self().name();
    this.engine = engine;
    this.group = group;
    this.raft = raft;
    this.marker = marker;
    this.data = data;
    this.peers = peers;
    this.timeouts = timeouts;
    this.policy = new StartPolicy(group, raft, data.path());
  }

  /**
   * A member that may start.
   *
   * @param log the files of its own log
   */
  record Ready<S>(DataFile.Opened<S> opened, LogFiles.Intact log) {}

  /**
   * Prepares the files for a normal start.
   *
   * @throws StorageException if the member must not start
   */
  Ready<S> start() {
    LogFiles found = engine.open(group, raft);
    boolean wasMember = marker.exists();
    if (found instanceof LogFiles.Intact log) {
      marker.create();
      return new Ready<>(openFor(log, wasMember), log);
    }
    requireAllowed(policy.decide(found, dataState(), wasMember));
    return createMember();
  }

  private DataFileState dataState() {
    return data.exists() ? new DataFileState.Unopened() : new DataFileState.Absent();
  }

  private static void requireAllowed(StartDecision decision) {
    if (decision instanceof StartDecision.Refuse refusal) {
      throw new StorageException(refusal.message());
    }
  }

  private Ready<S> createMember() {
    // The log is created before the marker. A start that is interrupted in between has not voted.
    LogFiles.Intact log = engine.create(group, raft, LogPosition.NONE);
    marker.create();
    return new Ready<>(data.open(), log);
  }

  /** Opens data from which this log can continue. */
  private DataFile.Opened<S> openFor(LogFiles.Intact log, boolean wasMember) {
    requireAllowed(policy.decide(log, dataState(), wasMember));
    DataFile.Opened<S> opened;
    try {
      opened = data.open();
    } catch (DamagedFileException e) {
      String damage = String.valueOf(e.getMessage());
      requireAllowed(policy.decide(log, new DataFileState.Damaged(damage), wasMember));
      data.quarantine(damage);
      opened = data.open();
    }
    try {
      StartDecision decision = policy.decide(log, openState(opened), wasMember);
      if (decision instanceof StartDecision.FetchMissing missing) {
        fetch(opened.state(), missing.index());
        decision = policy.decide(log, openState(opened), wasMember);
      }
      requireAllowed(decision);
      return opened;
    } catch (RuntimeException e) {
      opened.database().close();
      throw e;
    }
  }

  private DataFileState openState(DataFile.Opened<S> opened) {
    return new DataFileState.Open(
        opened.state().recoveredPosition(),
        opened.database().read(LogPositionTable::readInstalled));
  }

  /** Fetches rows that another member has applied. They are therefore committed. */
  private void fetch(S state, long index) {
    LOG.log(
        Level.INFO,
        "{0}: the data end at entry {1}; fetching the entries up to {2} from another member",
        node,
        Long.toString(state.recoveredPosition().index()),
        Long.toString(index));
    try {
      var _ = MemberRejoin.rebuild(group, state, index, timeouts.rebuild());
    } catch (IOException e) {
      throw new StorageException(node + " cannot be rebuilt now", e);
    }
  }

  /**
   * Prepares the files of a member that has lost its log, so that it can rejoin its group. What is
   * left of the log is quarantined; an undamaged data file is kept. An operator must have asked for
   * this.
   *
   * @throws StorageException if the member cannot rejoin now
   */
  Ready<S> heal() {
    // The marker comes first: if this attempt fails, a normal start must not create a new member.
    marker.create();
    try {
      MemberRejoin.RejoinPoint point =
          MemberRejoin.findRejoinPoint(group, peers, timeouts.rejoin());
      if (Files.exists(raft)) {
        Path quarantined = Quarantine.setAside(raft);
        LOG.log(Level.WARNING, "{0} was quarantined as {1}", raft, quarantined.getFileName());
      }
      DataFile.Opened<S> opened = openForRejoin(point);
      try {
        MemberRejoin.Rejoined rejoined =
            MemberRejoin.rejoin(engine, group, raft, opened.state(), point);
        LOG.log(Level.INFO, "{0} continues from {1}", node, rejoined.reached());
        return new Ready<>(opened, rejoined.files());
      } catch (IOException | RuntimeException e) {
        opened.database().close();
        throw e;
      }
    } catch (IOException e) {
      throw new StorageException(
          node + " cannot be healed now and does not take part: " + e.getMessage(), e);
    }
  }

  private DataFile.Opened<S> openForRejoin(MemberRejoin.RejoinPoint point) {
    DataFile.Opened<S> opened;
    try {
      opened = data.open();
    } catch (DamagedFileException e) {
      data.quarantine(String.valueOf(e.getMessage()));
      return data.open();
    }
    LogPosition applied = opened.state().recoveredPosition();
    if (applied.index() >= point.index()) {
      // The entry was proposed after this member had stopped, so this member cannot have it.
      opened.database().close();
      data.quarantine("it ends at " + applied + ", but the other members are at " + point);
      return data.open();
    }
    return opened;
  }
}
