package toystore.node.rpc;

import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.TearDown;
import toystore.tests.benchmarks.BenchmarkSettings;

/** Compares a batch that a lane sends with a batch that the calling thread sends. */
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class BatcherBenchmark extends BenchmarkSettings {
  private static final List<Integer> ONE = List.of(1);

  private final Batcher<Integer, Integer> batcher =
      new Batcher<>("benchmark", 512, 2_048, 2, items -> items);

  /** Sends a batch in a lane: two thread switches. */
  @Benchmark
  public Integer inLane() {
    return batcher.submitAll(ONE).getFirst().join();
  }

  /** Sends a batch in the calling thread: no thread switch. */
  @Benchmark
  public Integer inCallingThread() {
    return batcher.sendAll(ONE).getFirst().join();
  }

  /** Stops the lanes. */
  @TearDown
  public void close() {
    batcher.close();
  }
}
