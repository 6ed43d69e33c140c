package toystore.node.replica;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import toystore.db.log.LogPosition;
import toystore.db.log.ReplicatedState;
import toystore.db.storage.Database;
import toystore.db.storage.WriteBehind;

/**
 * A state without rows. Its H2 file holds the position, and "fetching" from another member moves
 * the position to the one that the test has set for that member.
 */
final class FetchedState implements ReplicatedState {
  static final WriteBehind.FlushPolicy FLUSH_POLICY =
      new WriteBehind.FlushPolicy(Duration.ofMillis(5), 100, 1_000);

  /** The other members that respond, and their positions. */
  static final class Sources {
    final Map<String, Long> positions = new HashMap<>();
    final List<String> asked = new ArrayList<>();
  }

  private final WriteBehind<String> writer;
  private final Sources sources;

  FetchedState(Database database, WriteBehind.FlushPolicy flushPolicy, Sources sources) {
    this.writer =
        new WriteBehind<>(database, (transaction, changes) -> {}, flushPolicy, position -> {});
    this.sources = sources;
  }

  /** Writes a position, as if entries had been applied. */
  void setApplied(long index) {
    writer.append(new LogPosition(1, index), List.of());
    writer.drain().join();
  }

  /** Writes a position, as if the state had been fetched from another member. */
  void setInstalled(long index) {
    writer.install(new LogPosition(1, index), List.of()).join();
  }

  @Override
  public LogPosition recoveredPosition() {
    return writer.persisted();
  }

  @Override
  public LogPosition install(String member) throws IOException {
    sources.asked.add(member);
    Long index = sources.positions.get(member);
    if (index == null) {
      throw new IOException(member + " does not respond");
    }
    setInstalled(index);
    return recoveredPosition();
  }

  @Override
  public Object apply(LogPosition position, byte[] command) {
    throw new UnsupportedOperationException("the log is not started");
  }

  @Override
  public void skip(LogPosition position) {
    throw new UnsupportedOperationException("the log is not started");
  }

  @Override
  public CompletableFuture<LogPosition> persist() {
    return writer.drain();
  }
}
