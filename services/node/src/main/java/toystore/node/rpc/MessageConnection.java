package toystore.node.rpc;

import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.Arrays;
import toystore.client.Deadline;
import toystore.client.http.NoResponsePolicy;
import toystore.client.http.PersistentConnection;
import toystore.protocol.message.MessageFrames;
import toystore.protocol.message.NodeReply;

/** A connection to another node that carries messages ({@link MessageFrames}). */
final class MessageConnection extends PersistentConnection {
  private final byte[] buffer = new byte[1 << 10];
  private boolean preambleSent;

  private MessageConnection(Socket socket) throws IOException {
    super(socket);
  }

  static MessageConnection open(String host, int port, int connectMs) throws IOException {
    return new MessageConnection(connect(host, port, connectMs));
  }

  @Override
  public NodeReply exchange(byte[] request, Deadline deadline, NoResponsePolicy silence)
      throws IOException {
    write(preambleSent ? request : withPreamble(request));
    preambleSent = true;
    byte[] answer = buffer;
    int received = 0;
    int expected = MessageFrames.LENGTH;
    while (received < expected) {
      received += read(answer, received, deadline, silence, received == 0);
      if (received >= MessageFrames.LENGTH && expected == MessageFrames.LENGTH) {
        expected += MessageFrames.length(answer);
        if (expected > answer.length) {
          answer = Arrays.copyOf(answer, expected);
        }
      }
    }
    if (received > expected) {
      throw new IOException("more bytes arrived than the answer has");
    }
    NodeReply reply =
        MessageFrames.decodeResponse(
            ByteBuffer.wrap(answer, MessageFrames.LENGTH, expected - MessageFrames.LENGTH));
    reusable = true;
    return reply;
  }

  private static byte[] withPreamble(byte[] request) {
    byte[] preamble = MessageFrames.preamble();
    byte[] all = Arrays.copyOf(preamble, preamble.length + request.length);
    System.arraycopy(request, 0, all, preamble.length, request.length);
    return all;
  }
}
