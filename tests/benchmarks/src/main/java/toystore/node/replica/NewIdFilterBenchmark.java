package toystore.node.replica;

import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import toystore.protocol.api.Uuids;
import toystore.tests.benchmarks.BenchmarkSettings;

/**
 * Measures how long the filter needs to decide that an id is new, with as many ids as a replica
 * keeps.
 */
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class NewIdFilterBenchmark extends BenchmarkSettings {
  private final NewIdFilter ids = NewIdFilter.beyond((id, limit) -> List.of(), 16_384);

  /** Creates the id of a purchase, checks it and adds it. */
  @Benchmark
  public boolean checkAndAdd() {
    UUID id = Uuids.fresh();
    boolean isNew = ids.isNew(id);
    ids.add(id);
    return isNew;
  }

  /** Creates an id only. The difference is the cost of the filter. */
  @Benchmark
  public UUID createId() {
    return Uuids.fresh();
  }
}
