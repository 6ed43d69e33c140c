package toystore.config;

import static toystore.config.ConfigException.require;

import java.time.Duration;

/** The section {@code http}: limits of the requests that a node accepts. */
public record HttpSettings(Duration requestDeadline, int maxBodyBytes) {
  public HttpSettings {
    require(requestDeadline.toMillis() >= 100, "http.request-deadline must be at least 100ms");
    require(maxBodyBytes >= 1024, "http.max-body-bytes must be at least 1024");
  }
}
