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
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class DeadlineTest {
  private static final Deadline FAR = Deadline.in(Duration.ofHours(1));

  @Test
  @DisplayName("Time limits of calls are positive and end with the deadline")
  void timeLimitIsPositiveAndBounded() {
    Deadline passed = Deadline.in(Duration.ZERO);
    assertThat(passed.left()).isZero();
    assertThat(passed.timeLimit()).isEqualTo(Duration.ofMillis(1));
    assertThat(FAR.atMost(Duration.ofSeconds(1))).isEqualTo(Duration.ofSeconds(1));
    assertThat(FAR.atMost(Duration.ofHours(2))).isLessThanOrEqualTo(Duration.ofHours(1));
  }

  @Test
  @DisplayName("Messages state the length of the operation in seconds or milliseconds")
  void lengthIsShownInWords() {
    assertThat(Deadline.in(Duration.ofSeconds(10)).inWords()).isEqualTo("10 s");
    assertThat(Deadline.in(Duration.ofMillis(1_500)).inWords()).isEqualTo("1500 ms");
  }

  @Test
  @DisplayName("A completed future is returned even after the deadline")
  void completedFutureIsReturnedAfterDeadline() throws Exception {
    Deadline passed = Deadline.in(Duration.ZERO);
    assertThat(passed.await(CompletableFuture.completedFuture("now"))).isEqualTo("now");
  }

  @Test
  @DisplayName("A value that arrives in time is returned")
  void valueInTimeIsReturned() throws Exception {
    CompletableFuture<String> future = new CompletableFuture<>();
    CompletableFuture.delayedExecutor(30, TimeUnit.MILLISECONDS)
        .execute(() -> future.complete("later"));
    assertThat(FAR.await(future)).isEqualTo("later");
  }

  @Test
  @DisplayName("The failure of the future is thrown unchanged")
  void failureOfFutureIsThrown() {
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

  /** Also after a time without waits, during which the thread that ends waits is parked. */
  @Test
  @DisplayName("A wait ends at its own deadline, and the future stays incomplete")
  void waitEndsAtDeadline() throws Exception {
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
  @DisplayName("A waiting thread can be interrupted")
  void waitCanBeInterrupted() throws Exception {
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
