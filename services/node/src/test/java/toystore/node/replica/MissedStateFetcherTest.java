package toystore.node.replica;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import toystore.db.log.LogPosition;

@Timeout(60)
class MissedStateFetcherTest {
  /** Rows that are their own keys. */
  private record Numbers(List<Integer> rows, boolean complete)
      implements MissedStateFetcher.Page<Integer> {
    @Override
    public @Nullable Integer lastKey() {
      return rows.isEmpty() ? null : rows.getLast();
    }
  }

  private final List<Integer> installed = new ArrayList<>();

  private LogPosition install(Numbers page) {
    installed.addAll(page.rows());
    return new LogPosition(1, installed.size());
  }

  private static Numbers page(int after, int limit, int end) {
    List<Integer> rows = new ArrayList<>();
    for (int row = after + 1; row < end && rows.size() < limit; row++) {
      rows.add(row);
    }
    return new Numbers(rows, after + limit + 1 >= end);
  }

  @Test
  @DisplayName("All pages after the key are installed in order")
  void installsAllPagesInOrder() throws IOException {
    MissedStateFetcher<Integer, Numbers> fetcher =
        new MissedStateFetcher<>((member, after) -> page(after, 3, 10));

    assertThat(fetcher.installAll("order-3", 1, this::install)).isEqualTo(new LogPosition(1, 8));
    assertThat(installed).containsExactly(2, 3, 4, 5, 6, 7, 8, 9);
  }

  @Test
  @DisplayName("A replica that missed nothing installs one empty page")
  void installsOneEmptyPageIfNothingWasMissed() throws IOException {
    MissedStateFetcher<Integer, Numbers> fetcher =
        new MissedStateFetcher<>((member, after) -> page(after, 3, 10));

    assertThat(fetcher.installAll("order-3", 9, this::install)).isEqualTo(new LogPosition(1, 0));
    assertThat(installed).isEmpty();
  }

  @Test
  @DisplayName("The next page is fetched while the last one is installed")
  void fetchesTheNextPageDuringAnInstall() throws IOException {
    CountDownLatch second = new CountDownLatch(1);
    MissedStateFetcher<Integer, Numbers> fetcher =
        new MissedStateFetcher<>(
            (member, after) -> {
              if (after == 2) {
                second.countDown();
              }
              return page(after, 3, 5);
            });

    LogPosition reached =
        fetcher.installAll(
            "order-3",
            -1,
            page -> {
              try {
                assertThat(second.await(10, TimeUnit.SECONDS)).isTrue();
              } catch (InterruptedException e) {
                throw new AssertionError(e);
              }
              return install(page);
            });
    assertThat(reached).isEqualTo(new LogPosition(1, 5));
  }

  @Test
  @DisplayName("An empty page that is not the last one is an error")
  void rejectsAnEmptyPageThatIsNotTheLast() {
    MissedStateFetcher<Integer, Numbers> fetcher =
        new MissedStateFetcher<>((member, after) -> new Numbers(List.of(), false));

    assertThatThrownBy(() -> fetcher.installAll("order-3", 0, this::install))
        .isInstanceOf(IOException.class)
        .hasMessage("order-3 has more rows but sent an empty page");
  }

  @Test
  @DisplayName("If a page cannot be fetched, the pages before it stay installed")
  void keepsThePagesBeforeAFailedOne() {
    MissedStateFetcher<Integer, Numbers> fetcher =
        new MissedStateFetcher<>(
            (member, after) -> {
              if (after >= 5) {
                throw new IOException("planted");
              }
              return page(after, 3, 10);
            });

    assertThatThrownBy(() -> fetcher.installAll("order-3", -1, this::install))
        .isInstanceOf(IOException.class)
        .hasMessage("planted");
    assertThat(installed).containsExactly(0, 1, 2, 3, 4, 5);
  }

  @Test
  @DisplayName("If the log interrupts the install, the install and its prefetch end")
  void endsWhenInterrupted() throws InterruptedException {
    CountDownLatch fetching = new CountDownLatch(1);
    CountDownLatch prefetchEnded = new CountDownLatch(1);
    MissedStateFetcher<Integer, Numbers> fetcher =
        new MissedStateFetcher<>(
            (member, after) -> {
              if (after < 0) {
                return page(after, 3, 10);
              }
              fetching.countDown();
              try {
                new CountDownLatch(1).await();
              } catch (InterruptedException e) {
                prefetchEnded.countDown();
              }
              throw new IOException("interrupted");
            });
    List<Exception> failures = new ArrayList<>();
    Thread install =
        Thread.ofPlatform()
            .start(
                () -> {
                  try {
                    var _ = fetcher.installAll("order-3", -1, this::install);
                  } catch (IOException e) {
                    failures.add(e);
                  }
                });
    fetching.await();
    install.interrupt();
    install.join();

    assertThat(failures).hasSize(1);
    assertThat(prefetchEnded.await(10, TimeUnit.SECONDS)).isTrue();
  }
}
