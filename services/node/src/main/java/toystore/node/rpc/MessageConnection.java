package toystore.node.rpc;

import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.Arrays;
import toystore.client.Deadline;
import toystore.client.http.PersistentConnection;
import toystore.client.http.SilenceCheck;
import toystore.protocol.message.MessageFrames;
import toystore.protocol.message.NodeReply;

/** A connection to another node for messages ({@link MessageFrames}). */
final class MessageConnection extends PersistentConnection {
  private final byte[] buffer = new byte[1 << 10];
  private boolean begun;

  private MessageConnection(Socket socket) throws IOException {
    super(socket);
  }

  static MessageConnection open(String host, int port, int connectMs) throws IOException {
    return new MessageConnection(connect(host, port, connectMs));
  }

  @Override
  public NodeReply exchange(byte[] request, Deadline deadline, SilenceCheck silence)
      throws IOException {
    write(begun ? request : afterBeginning(request));
    begun = true;
    byte[] answer = buffer;
    int have = 0;
    int whole = MessageFrames.LENGTH;
    while (have < whole) {
      have += read(answer, have, deadline, silence, have == 0);
      if (have >= MessageFrames.LENGTH && whole == MessageFrames.LENGTH) {
        whole += MessageFrames.length(answer);
        if (whole > answer.length) {
          answer = Arrays.copyOf(answer, whole);
        }
      }
    }
    if (have > whole) {
      throw new IOException("more than one answer");
    }
    NodeReply reply =
        MessageFrames.decodeResponse(
            ByteBuffer.wrap(answer, MessageFrames.LENGTH, whole - MessageFrames.LENGTH));
    reusable = true;
    return reply;
  }

  private static byte[] afterBeginning(byte[] request) {
    byte[] beginning = MessageFrames.preamble();
    byte[] all = Arrays.copyOf(beginning, beginning.length + request.length);
    System.arraycopy(request, 0, all, beginning.length, request.length);
    return all;
  }
}
