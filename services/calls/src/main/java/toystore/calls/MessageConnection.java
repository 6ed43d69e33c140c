package toystore.calls;

import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** A connection to another node for messages ({@link Frames}). */
final class MessageConnection extends KeptConnection {
  private final byte[] buffer = new byte[1 << 10];
  private boolean begun;

  private MessageConnection(Socket socket) throws IOException {
    super(socket);
  }

  static MessageConnection open(String host, int port, int connectMs) throws IOException {
    return new MessageConnection(connect(host, port, connectMs));
  }

  @Override
  Caller.Reply exchange(byte[] request, Deadline deadline, Caller.Silence silence)
      throws IOException {
    write(begun ? request : afterBeginning(request));
    begun = true;
    byte[] answer = buffer;
    int have = 0;
    int whole = Frames.LENGTH;
    while (have < whole) {
      have += read(answer, have, deadline, silence, have == 0);
      if (have >= Frames.LENGTH && whole == Frames.LENGTH) {
        whole += Frames.length(answer);
        if (whole > answer.length) {
          answer = Arrays.copyOf(answer, whole);
        }
      }
    }
    if (have > whole) {
      throw new IOException("more than one answer");
    }
    Caller.Reply reply =
        Frames.reply(ByteBuffer.wrap(answer, Frames.LENGTH, whole - Frames.LENGTH));
    reusable = true;
    return reply;
  }

  private static byte[] afterBeginning(byte[] request) {
    byte[] beginning = Frames.beginning();
    byte[] all = Arrays.copyOf(beginning, beginning.length + request.length);
    System.arraycopy(request, 0, all, beginning.length, request.length);
    return all;
  }
}
