package toystore.db.replication;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.ratis.RaftConfigKeys;
import org.apache.ratis.conf.Parameters;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.server.RaftServerConfigKeys;
import org.apache.ratis.util.SizeInBytes;
import org.apache.ratis.util.TimeDuration;

/** What Ratis has to be told, and why where its default would be wrong here. */
final class RatisProperties {
  private static final String MB = "MB";

  /** What one message to a follower carries at most, and so the largest entry. */
  private static final SizeInBytes LARGEST_APPEND = SizeInBytes.valueOf("2" + MB);

  /** The length before an entry in the file and the checksum behind it; memory is taken for all. */
  private static final int ENTRY_FRAME = 2 * Integer.BYTES;

  /** How long a member waits for another one's answer before it asks anew. */
  private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(1);

  private RatisProperties() {}

  static Parameters parameters(Member self) {
    return new RaftSockets.Settings(self.host(), self.port(), (int) REQUEST_TIMEOUT.toMillis())
        .parameters();
  }

  static RaftProperties of(Path directory, LogSettings settings) {
    RaftProperties p = new RaftProperties();
    RaftServerConfigKeys.setStorageDir(p, List.of(directory.toFile()));
    RaftConfigKeys.Rpc.setType(p, new RaftSockets.Type());
    elections(p, settings);
    log(p, settings);
    appender(p);
    RaftServerConfigKeys.Read.setOption(p, RaftServerConfigKeys.Read.Option.LINEARIZABLE);
    // Results stay in memory for this long; the order id in H2 makes a purchase happen once.
    RaftServerConfigKeys.RetryCache.setExpiryTime(p, time(Duration.ofSeconds(1)));
    return p;
  }

  private static void elections(RaftProperties p, LogSettings settings) {
    RaftServerConfigKeys.Rpc.setTimeoutMin(p, time(settings.electionMin()));
    RaftServerConfigKeys.Rpc.setTimeoutMax(p, time(settings.electionMax()));
    Duration spread = settings.electionMax().minus(settings.electionMin());
    RaftServerConfigKeys.Rpc.setFirstElectionTimeoutMin(p, time(settings.firstElection()));
    RaftServerConfigKeys.Rpc.setFirstElectionTimeoutMax(
        p, time(settings.firstElection().plus(spread)));
    RaftServerConfigKeys.Rpc.setRequestTimeout(p, time(REQUEST_TIMEOUT));
    RaftServerConfigKeys.LeaderElection.setLeaderStepDownWaitTime(
        p, time(settings.stepDownAfter()));
    // Ratis would close itself after a long pause; a stopped and continued process is fine here.
    RaftServerConfigKeys.setCloseThreshold(p, time(Duration.ofDays(1)));
    RaftServerConfigKeys.Notification.setNoLeaderTimeout(p, time(Duration.ofSeconds(10)));
  }

  private static void log(RaftProperties p, LogSettings settings) {
    // A follower would queue entries for appending and count them as present at once. A heartbeat
    // that overtakes them then commits, up to what is flushed, the old entries that they are about
    // to replace: a leader that came back after a crash applied its own uncommitted last entry.
    RaftServerConfigKeys.Log.setAppendEntriesComposeEnabled(p, false);
    // Each commit would append and fsync an entry of its own.
    RaftServerConfigKeys.Log.setLogMetadataEnabled(p, false);
    RaftServerConfigKeys.Log.setSegmentSizeMax(p, SizeInBytes.valueOf(settings.segmentBytes()));
    RaftServerConfigKeys.Log.setPreallocatedSize(p, SizeInBytes.valueOf("1" + MB));
    RaftServerConfigKeys.Log.setWriteBufferSize(
        p, SizeInBytes.valueOf(LARGEST_APPEND.getSize() + ENTRY_FRAME));
    RaftServerConfigKeys.Log.setQueueElementLimit(p, 1024);
    RaftServerConfigKeys.Log.setQueueByteLimit(p, SizeInBytes.valueOf("16" + MB));
    RaftServerConfigKeys.Log.setSegmentCacheNumMax(p, 2);
    RaftServerConfigKeys.Log.setSegmentCacheSizeMax(
        p, SizeInBytes.valueOf(settings.segmentBytes()));
    // What the log drops is in the state: dead members do not keep it from being dropped.
    RaftServerConfigKeys.Log.setPurgeUptoSnapshotIndex(p, true);
    RaftServerConfigKeys.Log.setPurgePreservationLogNum(p, settings.preserveEntries());
    RaftServerConfigKeys.Snapshot.setAutoTriggerEnabled(p, true);
    RaftServerConfigKeys.Snapshot.setAutoTriggerThreshold(p, settings.snapshotEntries());
    RaftServerConfigKeys.Snapshot.setTriggerWhenStopEnabled(p, false);
    RaftServerConfigKeys.Write.setElementLimit(p, 1024);
    RaftServerConfigKeys.Write.setByteLimit(p, SizeInBytes.valueOf("16" + MB));
  }

  private static void appender(RaftProperties p) {
    RaftServerConfigKeys.Log.Appender.setBufferByteLimit(p, LARGEST_APPEND);
    // Notification mode: a member that is behind the log's start asks the leader for what it lacks.
    RaftServerConfigKeys.Log.Appender.setInstallSnapshotEnabled(p, false);
  }

  private static TimeDuration time(Duration duration) {
    return TimeDuration.valueOf(duration.toMillis(), TimeUnit.MILLISECONDS);
  }
}
