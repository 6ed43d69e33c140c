package toystore.order.log;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import toystore.db.log.LogPosition;
import toystore.db.storage.RunningHash;

/** The binary form of an {@link OrderPage}: one version byte, then about 110 bytes for each row. */
final class OrderPageCodec {
  private static final int VERSION = 1;
  private static final int MAX_NAME_BYTES = 1_024;

  private OrderPageCodec() {}

  static byte[] encode(OrderPage page) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(128 * (page.rows().size() + 1));
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeByte(VERSION);
      out.writeLong(page.position().term());
      out.writeLong(page.position().index());
      out.writeLong(page.time().nowMs());
      out.writeLong(page.time().prunedBeforeMs());
      out.writeBoolean(page.complete());
      out.writeInt(page.rows().size());
      for (OrderRow row : page.rows()) {
        writeRow(out, row);
      }
      out.writeInt(page.tombstones().size());
      for (OrderRowChange.Tombstoned tombstone : page.tombstones()) {
        writeUuid(out, tombstone.holdId());
        out.writeLong(tombstone.timeMs());
        out.writeLong(tombstone.logIndex());
      }
      out.flush();
      return bytes.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException("writing to memory cannot fail", e);
    }
  }

  /**
   * Reads what {@link #encode} wrote.
   *
   * @throws IOException if the bytes are damaged or of another version
   */
  static OrderPage decode(byte[] bytes) throws IOException {
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes))) {
      int version = in.readByte();
      if (version != VERSION) {
        throw new IOException(
            "a page of missed orders has version " + version + ", this node reads " + VERSION);
      }
      LogPosition position = new LogPosition(in.readLong(), in.readLong());
      OrderRowChange.Time time = new OrderRowChange.Time(in.readLong(), in.readLong());
      boolean complete = in.readBoolean();
      int rowCount = readCount(in, bytes.length);
      List<OrderRow> rows = new ArrayList<>(rowCount);
      for (int i = 0; i < rowCount; i++) {
        rows.add(readRow(in));
      }
      int tombstoneCount = readCount(in, bytes.length);
      List<OrderRowChange.Tombstoned> tombstones = new ArrayList<>(tombstoneCount);
      for (int i = 0; i < tombstoneCount; i++) {
        tombstones.add(new OrderRowChange.Tombstoned(readUuid(in), in.readLong(), in.readLong()));
      }
      if (in.read() >= 0) {
        throw new IOException("a page of missed orders is damaged: bytes follow its end");
      }
      return new OrderPage(position, time, complete, rows, tombstones);
    }
  }

  /** Each element takes more than one byte, so a count above the number of bytes is damaged. */
  private static int readCount(DataInputStream in, int bytes) throws IOException {
    int count = in.readInt();
    if (count < 0 || count > bytes) {
      throw new IOException("a page of missed orders is damaged: " + count + " elements");
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
    if (length > MAX_NAME_BYTES) {
      throw new IOException("a page of missed orders is damaged: a name of " + length + " bytes");
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
