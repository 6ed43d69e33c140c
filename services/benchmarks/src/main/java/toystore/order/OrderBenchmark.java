package toystore.order;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import toystore.api.Ids;
import toystore.db.storage.RunningHash;

/** What a purchase costs a replica besides the log and the file; a batch is of 32. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class OrderBenchmark {
  private static final int BATCH = 32;

  private final RunningHash hasher = new RunningHash();
  private final OrderCommand.Place batch = new OrderCommand.Place(1, entries());
  private final byte[] encoded = batch.encode();

  private static List<OrderCommand.Entry> entries() {
    List<OrderCommand.Entry> entries = new ArrayList<>();
    for (int i = 0; i < BATCH; i++) {
      entries.add(new OrderCommand.Entry(Ids.fresh(), Ids.fresh(), "Tux", 1, 1599, i, 1));
    }
    return entries;
  }

  /** The leader: a batch as an entry of the log. */
  @Benchmark
  public byte[] encodeBatch() {
    return batch.encode();
  }

  /** Each replica: an entry of the log as a batch. */
  @Benchmark
  public Object decodeBatch() {
    return OrderCommand.decode(encoded);
  }

  /** Each replica: rows with their running hashes. */
  @Benchmark
  public Object hashBatch() {
    OrderRow.Hash hash = OrderRow.Hash.START;
    long number = 0;
    for (OrderCommand.Entry entry : batch.entries()) {
      hash = OrderRow.next(hasher, number++, hash, entry, 1, 1).hash();
    }
    return hash;
  }
}
