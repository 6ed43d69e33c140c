package toystore.db.raft.core;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import toystore.db.log.LogPosition;

/** Checks the safety properties of Raft (§5.2 to §5.4, figure 3) in a simulation. */
final class SafetyChecker {
  private final LongSupplier clock;
  private final Map<Long, String> leaderOfTerm = new HashMap<>();

  /** Every entry that any member knows to be committed. */
  private final Map<Long, LogEntry> committed = new HashMap<>();

  SafetyChecker(LongSupplier clock) {
    this.clock = clock;
  }

  int committedCount() {
    return committed.size();
  }

  /** Election Safety and Leader Completeness. */
  void checkNewLeader(SimulatedMember leader) {
    long term = leader.raft().term();
    String other = leaderOfTerm.putIfAbsent(term, leader.name());
    require(other == null || other.equals(leader.name()), "two leaders in term " + term);
    InMemoryEntryLog log = leader.log();
    committed.forEach(
        (index, entry) -> {
          if (index > log.base().index()) {
            require(
                index <= log.lastIndex() && log.termAt(index) == entry.term(),
                leader.name() + " leads without " + entry);
          }
        });
  }

  /** State Machine Safety: all members apply the same entry at an index. */
  void checkApplied(SimulatedMember member, LogEntry entry) {
    requireSame(member, "applies", entry);
  }

  /** The properties that must hold after every step. */
  void checkAll(List<SimulatedMember> members) {
    for (SimulatedMember member : members) {
      InMemoryEntryLog log = member.log();
      LogPosition persisted = member.persisted();
      long commitIndex = member.raft().commitIndex();
      long from = Math.max(log.base().index(), persisted.index()) + 1;
      for (long i = from; i <= commitIndex; i++) {
        requireSame(member, "commits", log.at(i));
      }
      LogEntry known = committed.get(persisted.index());
      require(
          known == null || known.term() == persisted.term(),
          member.name() + " has a state as of " + persisted + ", but " + known + " was committed");
      require(
          commitIndex <= log.lastIndex(), member.name() + " commits entries that it does not have");
    }
    committed.forEach((index, entry) -> requireDurableOnMajority(members, index, entry));
  }

  private void requireSame(SimulatedMember member, String action, LogEntry entry) {
    LogEntry known = committed.putIfAbsent(entry.index(), entry);
    require(
        known == null || Arrays.equals(known.encoded(), entry.encoded()),
        member.name() + " " + action + " " + entry + ", but " + known + " was committed");
  }

  /** A committed entry is durable on a majority, so it survives a crash of all members. */
  private void requireDurableOnMajority(List<SimulatedMember> members, long index, LogEntry entry) {
    long count = members.stream().filter(m -> m.hasDurably(index, entry.term())).count();
    require(2 * count > members.size(), entry + " is committed, but durable only on " + count);
  }

  void require(boolean condition, String message) {
    if (!condition) {
      throw new AssertionError(message + ", at time " + clock.getAsLong());
    }
  }
}
