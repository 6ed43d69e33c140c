package toystore.protocol.message;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import toystore.protocol.codec.Json;
import toystore.protocol.codec.JsonFields;

/**
 * What a node says about itself at {@code GET /status}. Fields that do not apply to its role are
 * null.
 *
 * @param role leader or follower for an order replica, catalog, frontend
 * @param state starting or ready
 * @param leader the leader of its group, or the order leader that a front end uses, if known
 * @param commitIndex Raft index up to which entries are committed, as far as this node knows
 * @param appliedIndex Raft index of the last entry applied here
 * @param orders orders in this replica's log
 * @param hash running hash of the order log, lower-case hex
 * @param missed the orders that this replica obtained from others when it started, in words
 */
public record NodeStatus(
    String node,
    String role,
    String state,
    String cluster,
    @Nullable String leader,
    @Nullable Long term,
    @Nullable Long commitIndex,
    @Nullable Long appliedIndex,
    @Nullable Long orders,
    @Nullable String hash,
    @Nullable String missed,
    @Nullable List<PeerLag> peers,
    long pid,
    double uptimeS)
    implements Json.Written {

  /** How many entries a follower has still to receive, as its leader sees it. */
  public record PeerLag(String node, long lag) {}

  @Override
  public void write(JsonGenerator out) throws IOException {
    out.writeStartObject();
    out.writeStringField("node", node);
    out.writeStringField("role", role);
    out.writeStringField("state", state);
    out.writeStringField("cluster", cluster);
    out.writeStringField("leader", leader);
    write(out, "term", term);
    write(out, "commit_index", commitIndex);
    write(out, "applied_index", appliedIndex);
    write(out, "orders", orders);
    out.writeStringField("hash", hash);
    out.writeStringField("missed", missed);
    if (peers == null) {
      out.writeNullField("peers");
    } else {
      out.writeArrayFieldStart("peers");
      for (PeerLag peer : peers) {
        out.writeStartObject();
        out.writeStringField("node", peer.node);
        out.writeNumberField("lag", peer.lag);
        out.writeEndObject();
      }
      out.writeEndArray();
    }
    out.writeNumberField("pid", pid);
    out.writeNumberField("uptime_s", uptimeS);
    out.writeEndObject();
  }

  private static void write(JsonGenerator out, String name, @Nullable Long value)
      throws IOException {
    if (value == null) {
      out.writeNullField(name);
    } else {
      out.writeNumberField(name, value);
    }
  }

  /**
   * Reads what {@link #write} wrote.
   *
   * @throws IOException if the bytes are anything else
   */
  public static NodeStatus read(byte[] json) throws IOException {
    JsonFields fields = JsonFields.read(json);
    return fields.end(
        new NodeStatus(
            fields.text("node"),
            fields.text("role"),
            fields.text("state"),
            fields.text("cluster"),
            fields.textOrNull("leader"),
            fields.numberOrNull("term"),
            fields.numberOrNull("commit_index"),
            fields.numberOrNull("applied_index"),
            fields.numberOrNull("orders"),
            fields.textOrNull("hash"),
            fields.textOrNull("missed"),
            peers(fields),
            fields.number("pid"),
            fields.decimal("uptime_s")));
  }

  private static @Nullable List<PeerLag> peers(JsonFields fields) throws IOException {
    List<JsonFields> objects = fields.objectsOrNull("peers");
    if (objects == null) {
      return null;
    }
    List<PeerLag> peers = new ArrayList<>();
    for (JsonFields peer : objects) {
      peers.add(peer.end(new PeerLag(peer.text("node"), peer.number("lag"))));
    }
    return peers;
  }

  /** Whether it does its work now. */
  public boolean ready() {
    return state.equals("ready");
  }
}
