package toystore.protocol.message;

import org.jspecify.annotations.Nullable;

/**
 * What came back.
 *
 * @param status as in HTTP
 * @param leader which node leads, as far as one knows that does not
 */
public record NodeReply(int status, byte[] body, @Nullable String leader) {
  public boolean ok() {
    return status == 200;
  }
}
