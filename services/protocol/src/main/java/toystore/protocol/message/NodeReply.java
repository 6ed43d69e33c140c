package toystore.protocol.message;

import org.jspecify.annotations.Nullable;

/**
 * The response of a node.
 *
 * @param status the HTTP status
 * @param leader the leader of the group, if a node that does not lead knows it
 */
public record NodeReply(int status, byte[] body, @Nullable String leader) {
  public boolean ok() {
    return status == 200;
  }
}
