package toystore.node.limit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import toystore.node.failure.OverloadedException;

@Timeout(30)
class BulkheadTest {
  private final Bulkhead listings = new Bulkhead(1, "listings");

  @Test
  @DisplayName("A request above the limit is refused, and a later one is not")
  void refusesRequestsAboveTheLimit() throws Exception {
    CompletableFuture<Void> begun = new CompletableFuture<>();
    CompletableFuture<Integer> result = new CompletableFuture<>();
    CompletableFuture<Integer> first = new CompletableFuture<>();
    Thread.ofVirtual()
        .start(
            () -> {
              try {
                first.complete(
                    listings.run(
                        () -> {
                          begun.complete(null);
                          return result.get();
                        }));
              } catch (Exception e) {
                first.completeExceptionally(e);
              }
            });
    begun.get(10, TimeUnit.SECONDS);

    assertThatThrownBy(() -> listings.run(() -> 2))
        .isInstanceOf(OverloadedException.class)
        .hasMessage("too many listings at a time");

    result.complete(1);
    assertThat(first.get(10, TimeUnit.SECONDS)).isEqualTo(1);
    assertThat(listings.run(() -> 3)).isEqualTo(3);
  }

  @Test
  @DisplayName("A request that fails makes room for the next one")
  void failedRequestReleasesItsPermit() throws Exception {
    assertThatThrownBy(
            () ->
                listings.run(
                    () -> {
                      throw new IOException("no");
                    }))
        .isInstanceOf(IOException.class);
    assertThat(listings.run(() -> 4)).isEqualTo(4);
  }
}
