package toystore.node.replica;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import toystore.config.RaftSettings;
import toystore.config.Role;
import toystore.config.StorageSettings;
import toystore.config.StoreConfig;
import toystore.config.Topology;
import toystore.db.log.LogGroup;
import toystore.db.log.LogSettings;
import toystore.db.log.Member;
import toystore.db.storage.Database;
import toystore.db.storage.WriteBehind;

/** The group of one node and its log settings, derived from the settings of the store. */
record ReplicaGroup(LogGroup log, LogSettings settings) {
  static ReplicaGroup of(StoreConfig config, Topology.Node self) {
    List<Member> members =
        config.nodes(self.role()).stream().map(node -> member(config, node)).toList();
    return new ReplicaGroup(
        new LogGroup(id(config.cluster(), self.role()), member(config, self), members),
        settings(config.raft(), self, members));
  }

  private static UUID id(String cluster, Role role) {
    String name = cluster + "/" + role.name().toLowerCase(Locale.ROOT);
    return UUID.nameUUIDFromBytes(name.getBytes(UTF_8));
  }

  private static Member member(StoreConfig config, Topology.Node node) {
    return new Member(node.name(), node.id(), node.host(), config.raftPort(node));
  }

  /**
   * If all members start together, the one with the highest id should win the first election. The
   * others therefore wait one step longer for each member with a higher id.
   */
  private static LogSettings settings(RaftSettings raft, Topology.Node self, List<Member> members) {
    long higher = members.stream().filter(m -> m.id() > self.id()).count();
    Duration first =
        higher == 0
            ? Duration.ofMillis(50)
            : raft.electionTimeoutMin().plus(raft.firstElectionStep().multipliedBy(higher));
    return new LogSettings(
        raft.electionTimeoutMin(),
        raft.electionTimeoutMax(),
        first,
        raft.caughtUpFor(),
        raft.stepDownAfter(),
        raft.segmentBytes(),
        raft.snapshotEntries(),
        raft.preserveEntries());
  }

  static WriteBehind.FlushPolicy flushPolicy(StorageSettings storage) {
    return new WriteBehind.FlushPolicy(
        storage.flushInterval(), storage.flushRows(), storage.maxPendingRows());
  }

  static Database.Sizes sizes(StorageSettings storage) {
    return new Database.Sizes(storage.cacheKb(), storage.readConnections());
  }
}
