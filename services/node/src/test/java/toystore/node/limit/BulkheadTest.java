package toystore.node.limit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import toystore.node.failure.OverloadedException;

@Timeout(30)
class BulkheadTest {
  private final Bulkhead few = new Bulkhead(1, "listings");

  @Test
  void whoFindsNoPlaceIsRefusedAndTheNextOneIsNot() throws Exception {
    CompletableFuture<Void> begun = new CompletableFuture<>();
    CompletableFuture<Integer> result = new CompletableFuture<>();
    CompletableFuture<Integer> first = new CompletableFuture<>();
    Thread.ofVirtual()
        .start(
            () -> {
              try {
                first.complete(
                    few.work(
                        () -> {
                          begun.complete(null);
                          return result.get();
                        }));
              } catch (Exception e) {
                first.completeExceptionally(e);
              }
            });
    begun.get(10, TimeUnit.SECONDS);

    assertThatThrownBy(() -> few.work(() -> 2))
        .isInstanceOf(OverloadedException.class)
        .hasMessage("too many listings at a time");

    result.complete(1);
    assertThat(first.get(10, TimeUnit.SECONDS)).isEqualTo(1);
    assertThat(few.work(() -> 3)).isEqualTo(3);
  }

  @Test
  void workThatFailsGivesItsPlaceBack() throws Exception {
    assertThatThrownBy(
            () ->
                few.work(
                    () -> {
                      throw new IOException("no");
                    }))
        .isInstanceOf(IOException.class);
    assertThat(few.work(() -> 4)).isEqualTo(4);
  }
}
