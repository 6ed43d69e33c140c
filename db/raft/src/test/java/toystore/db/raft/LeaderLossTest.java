package toystore.db.raft;

import static org.assertj.core.api.Assertions.assertThat;
import static toystore.db.raft.TestGroup.TIMEOUT;
import static toystore.db.raft.TestGroup.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import toystore.db.log.IndeterminateException;
import toystore.db.log.NotLeaderException;

/** Leaders that stop and restart while commands are submitted. */
@Timeout(90)
class LeaderLossTest {
  @TempDir Path directory;

  /** Submits each id once, to the current leader, and records the outcome. */
  private static final class Submitter implements AutoCloseable {
    private static final int WINDOW = 8;

    private final TestGroup group;
    private final AtomicLong nextId = new AtomicLong();
    private final Semaphore window = new Semaphore(WINDOW);
    private final AtomicBoolean stop = new AtomicBoolean();
    private final Thread thread;
    final Set<Long> acknowledged = ConcurrentHashMap.newKeySet();
    final Set<Long> rejected = ConcurrentHashMap.newKeySet();
    final Set<Long> indeterminate = ConcurrentHashMap.newKeySet();
    final Set<Throwable> unexpected = ConcurrentHashMap.newKeySet();

    Submitter(TestGroup group) {
      this.group = group;
      this.thread = Thread.ofPlatform().name("submitter").start(this::run);
    }

    private void run() {
      while (!stop.get()) {
        TestGroup.Running leader = group.currentLeader();
        if (leader == null) {
          LockSupport.parkNanos(1_000_000);
          continue;
        }
        window.acquireUninterruptibly();
        long id = nextId.getAndIncrement();
        leader
            .log()
            .submit(TestLedger.command(id, 100))
            .whenComplete(
                (applied, e) -> {
                  record(id, e);
                  window.release();
                });
      }
    }

    private void record(long id, @Nullable Throwable e) {
      Throwable cause = e instanceof CompletionException ? e.getCause() : e;
      switch (cause) {
        case null -> acknowledged.add(id);
        case NotLeaderException rejection -> rejected.add(id);
        case IndeterminateException unknown -> indeterminate.add(id);
        default -> unexpected.add(cause);
      }
    }

    /** Waits until this many more commands are acknowledged. */
    void awaitMore(int count) {
      int before = acknowledged.size();
      await().until(() -> acknowledged.size() >= before + count);
    }

    @Override
    public void close() {
      stop.set(true);
      try {
        thread.join(TIMEOUT);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    void awaitAllCompleted() {
      await().until(() -> window.availablePermits() == WINDOW);
    }
  }

  @Test
  @DisplayName("No acknowledged command is lost, and no rejected command is applied")
  void acknowledgedCommandsSurviveLeaderLoss() {
    try (TestGroup group = TestGroup.of(directory, 3).startAll()) {
      group.awaitLeader(3);
      Submitter submitter = new Submitter(group);
      try (submitter) {
        submitter.awaitMore(60);
        for (int round = 0; round < 3; round++) {
          int leader = group.awaitLeader().id();
          group.stop(leader);
          submitter.awaitMore(60);
          group.start(leader);
          submitter.awaitMore(30);
        }
      }
      submitter.awaitAllCompleted();
      group.awaitAllEqual();

      List<Long> ids = group.awaitLeader().ledger().ids();
      assertThat(submitter.unexpected).isEmpty();
      assertThat(ids).doesNotHaveDuplicates().containsAll(submitter.acknowledged);
      assertThat(ids).noneMatch(submitter.rejected::contains);
      assertThat(ids.stream().filter(id -> !submitter.acknowledged.contains(id)))
          .allMatch(submitter.indeterminate::contains);
    }
  }

  @Test
  @DisplayName("Under load the highest id regains leadership with a single change of leader")
  void highestIdRegainsLeadershipUnderLoad() {
    try (TestGroup group = TestGroup.of(directory, 3).startAll()) {
      group.awaitLeader(3);
      Submitter submitter = new Submitter(group);
      try (submitter) {
        submitter.awaitMore(60);
        group.stop(3);
        // Under load either follower may win the election, depending on whose log is longer.
        group.awaitLeader();
        submitter.awaitMore(60);
        int before = group.timesLed();
        group.start(3);
        group.awaitLeader(3);
        submitter.awaitMore(60);
        await()
            .during(Duration.ofSeconds(2))
            .until(() -> group.member(3).log().leads() && group.timesLed() == before + 1);
      }
      submitter.awaitAllCompleted();
      group.awaitAllEqual();
      assertThat(submitter.unexpected).isEmpty();
    }
  }
}
