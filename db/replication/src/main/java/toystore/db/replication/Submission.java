package toystore.db.replication;

import org.apache.ratis.protocol.Message;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.apache.ratis.thirdparty.com.google.protobuf.UnsafeByteOperations;

/** A command on its way into the log of this very process. */
final class Submission implements Message {
  private final byte[] command;
  private volatile boolean appended;

  Submission(byte[] command) {
    this.command = command;
  }

  byte[] command() {
    return command;
  }

  /** Called under the log's lock just before the entry is appended. */
  void markAppended() {
    appended = true;
  }

  /** Whether the entry may have got into the log: if not, it certainly was not applied. */
  boolean appended() {
    return appended;
  }

  @Override
  public ByteString getContent() {
    return UnsafeByteOperations.unsafeWrap(command);
  }

  /** What applying gave. It stays in this process, so it needs no encoding. */
  record Result(long index, Object value) implements Message {
    @Override
    public ByteString getContent() {
      return ByteString.EMPTY;
    }
  }
}
