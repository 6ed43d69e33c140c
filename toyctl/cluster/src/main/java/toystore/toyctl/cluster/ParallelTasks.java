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

/** Runs the same task for several keys in parallel, each on its own virtual thread. */
public final class ParallelTasks {
  private ParallelTasks() {}

  /** The task for one key. */
  @FunctionalInterface
  public interface Task<K, V> {
    V apply(K key) throws Exception;
  }

  /**
   * Runs the task for all keys and waits for all results. When one task fails, the others are
   * interrupted, and the exception of the failed task is rethrown.
   *
   * @return the result of each key, in the order of the keys
   */
  public static <K, V> Map<K, V> forEach(List<K> keys, Task<K, V> task)
      throws InterruptedException {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      ExecutorCompletionService<V> completion = new ExecutorCompletionService<>(threads);
      List<Future<V>> futures = new ArrayList<>();
      for (K key : keys) {
        futures.add(completion.submit(() -> task.apply(key)));
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
          new ToyctlException(ExitCode.FAILED, "failed", ErrorText.reason(failure), null, e);
    };
  }
}
