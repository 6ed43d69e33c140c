package toystore.toyctl.cluster;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** The same work for several things at once, each on its own virtual thread. */
public final class ParallelTasks {
  private ParallelTasks() {}

  /** What is done for one of them. */
  @FunctionalInterface
  public interface Work<K, V> {
    V apply(K key) throws Exception;
  }

  /**
   * Does the work for all keys and waits for all results, which come in the keys' order. The first
   * failure ends the others by interrupting them and is thrown as it was.
   */
  public static <K, V> Map<K, V> forEach(List<K> keys, Work<K, V> work)
      throws InterruptedException {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      ExecutorCompletionService<V> completion = new ExecutorCompletionService<>(threads);
      List<Future<V>> futures = new ArrayList<>();
      for (K key : keys) {
        futures.add(completion.submit(() -> work.apply(key)));
      }
      try {
        for (int done = 0; done < keys.size(); done++) {
          completion.take().get();
        }
        Map<K, V> results = new LinkedHashMap<>();
        for (int i = 0; i < keys.size(); i++) {
          results.put(keys.get(i), futures.get(i).get());
        }
        return results;
      } catch (ExecutionException e) {
        throw unchecked(e);
      } finally {
        threads.shutdownNow();
      }
    }
  }

  private static RuntimeException unchecked(ExecutionException e) throws InterruptedException {
    return switch (e.getCause()) {
      case RuntimeException failure -> failure;
      case Error failure -> throw failure;
      case InterruptedException _ -> throw new InterruptedException();
      case null -> new IllegalStateException(e);
      case Throwable failure ->
          new ToyctlException(ExitCode.FAILED, "failed", Wordings.reason(failure), null, e);
    };
  }
}
