package toystore.node.rpc;

import io.helidon.common.buffers.BufferData;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.spi.ServerConnection;
import io.helidon.webserver.spi.ServerConnectionSelector;
import java.util.Set;
import java.util.concurrent.Semaphore;
import toystore.protocol.message.MessageFrames;

/**
 * Distinguishes connections for messages of other nodes ({@link MessageFrames}) from connections
 * for HTTP, and serves the former on platform threads.
 *
 * <p>Connections for messages are few and long-lived, and each purchase uses three of them. A
 * request for a virtual thread passes through a poller thread and a carrier thread, and so does
 * each wait for the log or for another node. The kernel wakes a platform thread directly.
 * Connections for HTTP may be thousands and stay on virtual threads.
 */
public final class MessageConnectionSelector implements ServerConnectionSelector {
  /** More than nodes need at the same time. Further connections stay on virtual threads. */
  private static final int MAX_PLATFORM_THREADS = 64;

  private final ServerConnectionSelector http;
  private final MessageDispatcher messages;
  private final Semaphore platformThreads = new Semaphore(MAX_PLATFORM_THREADS);

  /**
   * Creates a selector for one listener.
   *
   * @param http handles the connections that do not carry messages
   * @param messages answers the messages
   */
  public MessageConnectionSelector(ServerConnectionSelector http, MessageDispatcher messages) {
    this.http = http;
    this.messages = messages;
  }

  @Override
  public int bytesToIdentifyConnection() {
    return http.bytesToIdentifyConnection();
  }

  @Override
  public Support supports(BufferData data) {
    return http.supports(data);
  }

  @Override
  public Set<String> supportedApplicationProtocols() {
    return http.supportedApplicationProtocols();
  }

  @Override
  public ServerConnection connection(ConnectionContext context) {
    return new IncomingConnection(context, http.connection(context), messages, platformThreads);
  }
}
