package toystore.node.rpc;

import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.TearDown;
import toystore.tests.benchmarks.BenchmarkSettings;

/** What it costs to go by way of a lane, and by oneself. */
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class BatcherBenchmark extends BenchmarkSettings {
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
