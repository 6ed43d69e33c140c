package toystore.config;

import org.jspecify.annotations.Nullable;

/** A setting is invalid. The message names the setting and the reason. */
public final class ConfigException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public ConfigException(String message) {
    this(message, null);
  }

  public ConfigException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }

  static void require(boolean valid, String message) {
    if (!valid) {
      throw new ConfigException(message);
    }
  }
}
