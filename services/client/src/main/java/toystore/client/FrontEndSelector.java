package toystore.client;

import java.io.IOException;
import java.net.ConnectException;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Sends each request to one front end, and selects another one after a failure. */
final class FrontEndSelector {
  private final List<String> frontEnds;
  private final int preferred;
  private int current;

  FrontEndSelector(List<String> frontEnds, int preferred) {
    this.frontEnds = List.copyOf(frontEnds);
    this.preferred = preferred;
    this.current = preferred;
  }

  List<String> all() {
    return frontEnds;
  }

  int count() {
    return frontEnds.size();
  }

  void returnToPreferred() {
    current = preferred;
  }

  @FunctionalInterface
  interface Send {
    ApiHttpClient.Response to(String frontEnd) throws IOException, InterruptedException;
  }

  @FunctionalInterface
  interface Decode<T> {
    T value(ApiHttpClient.Response response) throws IOException;
  }

  /** Sends one request. */
  <T> StoreResult<T> attempt(Send send, Decode<T> decode) throws InterruptedException {
    ApiHttpClient.Response response;
    try {
      response = send.to(frontEnds.get(current));
    } catch (IOException e) {
      moveToNext();
      return new StoreResult.Unanswered<>(
          switch (e) {
            case ConnectException _ -> StoreResult.Reason.UNREACHABLE;
            case HttpTimeoutException _ -> StoreResult.Reason.TIMED_OUT;
            default -> StoreResult.Reason.CONNECTION_LOST;
          },
          e);
    }
    if (!response.ok()) {
      StoreResult.Refused<T> refused =
          new StoreResult.Refused<>(
              response.status(),
              response.errorMessage(),
              retryAfter(response.header("Retry-After")));
      if (refused.temporary()) {
        moveToNext();
      }
      return refused;
    }
    try {
      return new StoreResult.Answered<>(decode.value(response));
    } catch (IOException e) {
      return new StoreResult.Unanswered<>(StoreResult.Reason.MALFORMED, e);
    }
  }

  private void moveToNext() {
    current = (current + 1) % frontEnds.size();
  }

  /** Reads a Retry-After header that gives a number of seconds. */
  private static @Nullable Duration retryAfter(@Nullable String header) {
    return header != null && header.matches("[0-9]{1,9}")
        ? Duration.ofSeconds(Long.parseLong(header))
        : null;
  }
}
