package toystore.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;

class DeadlineTest {
  private static final Deadline FAR = Deadline.in(Duration.ofHours(1));

  @Test
  void whatIsThereIsGivenWhateverTheTime() throws Exception {
    Deadline passed = Deadline.in(Duration.ZERO);
    assertThat(passed.await(CompletableFuture.completedFuture("now"))).isEqualTo("now");
  }

  @Test
  void whatComesInTimeIsGiven() throws Exception {
    CompletableFuture<String> future = new CompletableFuture<>();
    CompletableFuture.delayedExecutor(30, TimeUnit.MILLISECONDS)
        .execute(() -> future.complete("later"));
    assertThat(FAR.await(future)).isEqualTo("later");
  }

  @Test
  void aFailureIsTheFuturesOwn() {
    CompletableFuture<String> future = new CompletableFuture<>();
    CompletableFuture.delayedExecutor(30, TimeUnit.MILLISECONDS)
        .execute(() -> future.completeExceptionally(new IOException("cut off")));
    assertThatThrownBy(() -> FAR.await(future))
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(IOException.class)
        .rootCause()
        .hasMessage("cut off");
    assertThatThrownBy(() -> FAR.await(CompletableFuture.failedFuture(new IOException("before"))))
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(IOException.class);
  }

  /** Each by its own deadline, also after a time in which nobody waited. */
  @Test
  void whatDoesNotComeIsGivenUpAndStaysAsItIs() throws Exception {
    for (int round = 0; round < 3; round++) {
      CompletableFuture<String> future = new CompletableFuture<>();
      long begun = System.nanoTime();
      List<Thread> waiting = new ArrayList<>();
      List<Long> took = java.util.Collections.synchronizedList(new ArrayList<>());
      for (int ms : List.of(100, 50)) {
        waiting.add(
            Thread.ofVirtual()
                .start(
                    () -> {
                      try {
                        assertThatThrownBy(() -> Deadline.in(Duration.ofMillis(ms)).await(future))
                            .isInstanceOf(TimeoutException.class);
                        took.add(System.nanoTime() - begun - TimeUnit.MILLISECONDS.toNanos(ms));
                      } catch (AssertionError e) {
                        took.add(-1L);
                      }
                    }));
      }
      for (Thread thread : waiting) {
        thread.join();
      }
      assertThat(took).hasSize(2).allMatch(nanos -> nanos >= 0);
      assertThat(future).isNotDone();
    }
  }

  @Test
  void whoeverWaitsCanBeInterrupted() throws Exception {
    CompletableFuture<Throwable> seen = new CompletableFuture<>();
    Thread thread =
        Thread.ofVirtual()
            .start(
                () -> {
                  try {
                    seen.completeExceptionally(
                        new AssertionError(FAR.await(new CompletableFuture<String>())));
                  } catch (InterruptedException | ExecutionException | TimeoutException e) {
                    seen.complete(e);
                  }
                });
    await().until(() -> thread.getState() == Thread.State.WAITING);
    thread.interrupt();
    assertThat(seen.get(10, TimeUnit.SECONDS)).isInstanceOf(InterruptedException.class);
  }
}
