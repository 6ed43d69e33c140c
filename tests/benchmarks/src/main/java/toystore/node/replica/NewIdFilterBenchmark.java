package toystore.node.replica;

import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import toystore.protocol.api.Uuids;
import toystore.tests.benchmarks.BenchmarkSettings;

/** What it costs to know without the file that an id is new, with as many as a replica keeps. */
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class NewIdFilterBenchmark extends BenchmarkSettings {
  private final NewIdFilter ids = NewIdFilter.beyond((id, limit) -> List.of(), 16_384);

  /** One id of a purchase: asked for, then noted. */
  @Benchmark
  public boolean askAndNote() {
    UUID id = Uuids.fresh();
    boolean isNew = ids.isNew(id);
    ids.add(id);
    return isNew;
  }

  /** What of that is making the id. */
  @Benchmark
  public UUID makeId() {
    return Uuids.fresh();
  }
}
