package toystore.protocol.message;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import toystore.protocol.codec.JsonFields;
import toystore.protocol.codec.JsonWritable;

/**
 * The response of a node to {@code GET /status}. Fields that do not apply to the node are null.
 *
 * @param role "leader" or "follower" for an order replica, otherwise "catalog" or "frontend"
 * @param state "starting" or "ready"
 * @param leader the leader of the group, or the order leader that a front end uses, if known
 * @param commitIndex the highest Raft index that this node knows to be committed
 * @param appliedIndex the Raft index of the last entry that this node applied
 * @param orders the number of orders in the log of this replica
 * @param hash the running hash of the order log, in lower-case hex
 * @param missed a sentence about the orders that this replica fetched from others at its start
 * @param uptimeS the time since the process started, in seconds
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
    implements JsonWritable {

  /**
   * The replication lag of one follower, as its leader sees it.
   *
   * @param lag the number of entries that the follower has not received
   */
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
   * Reads the JSON that {@link #write} produces.
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

  /** Whether the node serves requests. */
  public boolean ready() {
    return state.equals("ready");
  }
}
