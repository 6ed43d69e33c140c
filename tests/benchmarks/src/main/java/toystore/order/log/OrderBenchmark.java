package toystore.order.log;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import toystore.db.storage.RunningHash;
import toystore.protocol.api.Uuids;
import toystore.tests.benchmarks.BenchmarkSettings;

/**
 * The cost of a purchase on a replica without writing the log and the H2 file, in batches of 32.
 */
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class OrderBenchmark extends BenchmarkSettings {
  private static final int BATCH = 32;

  private final RunningHash hasher = new RunningHash();
  private final OrderLogCommand.Place batch = new OrderLogCommand.Place(1, entries());
  private final byte[] encoded = batch.encode();

  private static List<OrderLogCommand.Entry> entries() {
    List<OrderLogCommand.Entry> entries = new ArrayList<>();
    for (int i = 0; i < BATCH; i++) {
      entries.add(new OrderLogCommand.Entry(Uuids.fresh(), Uuids.fresh(), "Tux", 1, 1599, i, 1));
    }
    return entries;
  }

  /** The leader encodes a batch as an entry of the log. */
  @Benchmark
  public byte[] encodeBatch() {
    return batch.encode();
  }

  /** Each replica decodes the entry. */
  @Benchmark
  public Object decodeBatch() {
    return OrderLogCommand.decode(encoded);
  }

  /** Each replica creates the rows with their running hashes. */
  @Benchmark
  public Object hashBatch() {
    OrderRow.Hash hash = OrderRow.Hash.START;
    long number = 0;
    for (OrderLogCommand.Entry entry : batch.entries()) {
      hash = OrderRow.next(hasher, number++, hash, entry, 1, 1).hash();
    }
    return hash;
  }
}
