package toystore.config;

import org.jspecify.annotations.Nullable;

/** A setting is wrong; the message names it and says why. Nothing was started. */
public final class ConfigException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public ConfigException(String message) {
    this(message, null);
  }

  public ConfigException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
