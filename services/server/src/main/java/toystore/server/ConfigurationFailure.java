package toystore.server;

import org.jspecify.annotations.Nullable;

/** The node cannot start as it is set up; the message says what to change. */
public final class ConfigurationFailure extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public ConfigurationFailure(String message) {
    this(message, null);
  }

  public ConfigurationFailure(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
