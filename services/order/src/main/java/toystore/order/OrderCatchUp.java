package toystore.order;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import toystore.db.log.LogPosition;
import toystore.db.storage.RunningHash;
import toystore.node.rpc.NodeCaller;
import toystore.protocol.message.NodeReply;

/**
 * Missed orders by difference: a replica that is behind the start of the Raft log asks the leader
 * for the orders after its own last one, page by page. The cost follows what was missed. Columns go
 * as they are, about 110 bytes a row.
 */
final class OrderCatchUp implements OrderLog.MissedOrders {
  static final String PATH = "/missed";

  /** One transaction of the fetching replica: half a megabyte on the wire. */
  static final int PAGE = 5_000;

  private static final int VERSION = 1;
  private static final int LONGEST_NAME = 1_024;
  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  private final NodeCaller caller;
  private final Function<String, String> urlOf;

  /**
   * A fetcher of missed orders.
   *
   * @param urlOf the HTTP address of a member
   */
  OrderCatchUp(NodeCaller caller, Function<String, String> urlOf) {
    this.caller = caller;
    this.urlOf = urlOf;
  }

  /** The answer to a request for rows from a number on. */
  static byte[] page(OrderLog log, long from) {
    return encode(log.missedAfter(from - 1, PAGE));
  }

  @Override
  public OrderLog.Missed fetch(String member, long afterNumber) throws IOException {
    return decode(get(urlOf.apply(member) + PATH + "?from=" + (afterNumber + 1)));
  }

  private byte[] get(String url) throws IOException {
    CompletableFuture<NodeReply> answer = caller.call(url, null, TIMEOUT);
    try {
      NodeReply reply = answer.get(TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
      if (!reply.ok()) {
        throw new IOException(url + " answered " + reply.status());
      }
      return reply.body();
    } catch (ExecutionException | TimeoutException e) {
      answer.cancel(true);
      throw new IOException(url + " did not answer", e);
    } catch (InterruptedException e) {
      answer.cancel(true);
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while missed orders were fetched", e);
    }
  }

  static byte[] encode(OrderLog.Missed missed) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(128 * (missed.rows().size() + 1));
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeByte(VERSION);
      out.writeLong(missed.position().term());
      out.writeLong(missed.position().index());
      out.writeLong(missed.time().nowMs());
      out.writeLong(missed.time().prunedBeforeMs());
      out.writeBoolean(missed.complete());
      out.writeInt(missed.rows().size());
      for (OrderRow row : missed.rows()) {
        writeRow(out, row);
      }
      out.writeInt(missed.tombstones().size());
      for (OrderRowChange.Tombstoned tombstone : missed.tombstones()) {
        writeUuid(out, tombstone.holdId());
        out.writeLong(tombstone.timeMs());
        out.writeLong(tombstone.logIndex());
      }
      out.flush();
      return bytes.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException("writing into memory cannot fail", e);
    }
  }

  static OrderLog.Missed decode(byte[] bytes) throws IOException {
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes))) {
      int version = in.readByte();
      if (version != VERSION) {
        throw new IOException("missed orders in form " + version + ", this node reads " + VERSION);
      }
      LogPosition position = new LogPosition(in.readLong(), in.readLong());
      OrderRowChange.Time time = new OrderRowChange.Time(in.readLong(), in.readLong());
      boolean complete = in.readBoolean();
      int count = count(in, bytes.length);
      List<OrderRow> rows = new ArrayList<>(count);
      for (int i = 0; i < count; i++) {
        rows.add(readRow(in));
      }
      int buried = count(in, bytes.length);
      List<OrderRowChange.Tombstoned> tombstones = new ArrayList<>(buried);
      for (int i = 0; i < buried; i++) {
        tombstones.add(new OrderRowChange.Tombstoned(readUuid(in), in.readLong(), in.readLong()));
      }
      if (in.read() >= 0) {
        throw new IOException("missed orders are followed by something else");
      }
      return new OrderLog.Missed(position, time, complete, rows, tombstones);
    }
  }

  /** Each takes more than one byte, so a larger count is no count. */
  private static int count(DataInputStream in, int most) throws IOException {
    int count = in.readInt();
    if (count < 0 || count > most) {
      throw new IOException("missed orders are damaged: " + count + " rows");
    }
    return count;
  }

  private static void writeRow(DataOutputStream out, OrderRow row) throws IOException {
    byte[] name = row.name().getBytes(UTF_8);
    out.writeLong(row.number());
    writeUuid(out, row.orderId());
    writeUuid(out, row.holdId());
    out.writeShort(name.length);
    out.write(name);
    out.writeInt(row.quantity());
    out.writeLong(row.unitPriceCents());
    out.writeLong(row.productVersion());
    out.writeLong(row.placedAtMs());
    out.writeLong(row.logIndex());
    out.write(row.hash().bytes());
  }

  private static OrderRow readRow(DataInputStream in) throws IOException {
    return new OrderRow(
        in.readLong(),
        readUuid(in),
        readUuid(in),
        readName(in),
        in.readInt(),
        in.readLong(),
        in.readLong(),
        in.readLong(),
        in.readLong(),
        new OrderRow.Hash(in.readNBytes(RunningHash.BYTES)));
  }

  private static String readName(DataInputStream in) throws IOException {
    int length = in.readUnsignedShort();
    if (length > LONGEST_NAME) {
      throw new IOException("missed orders are damaged: a name of " + length + " bytes");
    }
    return new String(in.readNBytes(length), UTF_8);
  }

  private static void writeUuid(DataOutputStream out, UUID id) throws IOException {
    out.writeLong(id.getMostSignificantBits());
    out.writeLong(id.getLeastSignificantBits());
  }

  private static UUID readUuid(DataInputStream in) throws IOException {
    return new UUID(in.readLong(), in.readLong());
  }
}
