package toystore.replica;

import java.util.List;
import java.util.UUID;
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

/** What it costs to know without the file that an id is new, with as many as a replica keeps. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class FreshIdsBenchmark {
  private final FreshIds ids = FreshIds.beyond((id, limit) -> List.of(), 16_384);

  /** One id of a purchase: asked for, then noted. */
  @Benchmark
  public boolean askAndNote() {
    UUID id = Ids.fresh();
    boolean isNew = ids.isNew(id);
    ids.add(id);
    return isNew;
  }

  /** What of that is making the id. */
  @Benchmark
  public UUID makeId() {
    return Ids.fresh();
  }
}
