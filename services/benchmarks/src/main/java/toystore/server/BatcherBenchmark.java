package toystore.server;

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
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** What it costs to go by way of a lane, and by oneself. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class BatcherBenchmark {
  private static final List<Integer> ONE = List.of(1);

  private final Batcher<Integer, Integer> batcher =
      new Batcher<>("benchmark", 512, 2_048, 2, items -> items);

  /** Two changes of thread, and the answer. */
  @Benchmark
  public Integer byALane() {
    return batcher.submitAll(ONE).getFirst().join();
  }

  /** No change of thread. */
  @Benchmark
  public Integer byOneself() {
    return batcher.sendAll(ONE).getFirst().join();
  }

  /** Ends the lanes. */
  @TearDown
  public void close() {
    batcher.close();
  }
}
