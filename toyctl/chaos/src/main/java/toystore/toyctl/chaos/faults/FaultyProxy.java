package toystore.toyctl.chaos.faults;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A TCP proxy between one node and one port of another node. It applies the conditions of the two
 * link directions to all connections. It closes a connection only after one of the nodes did, and
 * while a direction is cut, the other node does not notice the close.
 */
final class FaultyProxy implements AutoCloseable {
  private static final int BACKLOG = 256;

  private final InetSocketAddress target;
  private final LinkDirection requests;
  private final LinkDirection responses;
  private final AddressRewrite rewrite;
  private final ServerSocket listener;
  private final Set<ProxyConnection> connections = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;

  /**
   * Opens a proxy.
   *
   * @param address where the proxy listens
   * @param target where the proxy connects to
   * @param requests the direction from the connecting node to the target
   * @param responses the direction from the target to the connecting node
   * @param rewrite the replacement in what the connecting node sends
   */
  FaultyProxy(
      InetSocketAddress address,
      InetSocketAddress target,
      LinkDirection requests,
      LinkDirection responses,
      AddressRewrite rewrite)
      throws IOException {
    this.target = target;
    this.requests = requests;
    this.responses = responses;
    this.rewrite = rewrite;
    this.listener = new ServerSocket();
    try {
      listener.setReuseAddress(true);
      listener.bind(address, BACKLOG);
    } catch (IOException e) {
      listener.close();
      throw new IOException("no proxy can listen at " + address + ": " + e.getMessage(), e);
    }
    Thread.ofVirtual().name("proxy " + address).start(this::accept);
  }

  private void accept() {
    while (!closed) {
      try {
        Socket client = listener.accept();
        ProxyConnection connection =
            new ProxyConnection(client, target, requests, responses, rewrite, connections::remove);
        connections.add(connection);
        Thread.ofVirtual().name("proxy connection").start(connection);
      } catch (IOException e) {
        if (!closed) {
          // For example, no file descriptor is left. The connecting node has to wait.
          System.getLogger(FaultyProxy.class.getName())
              .log(System.Logger.Level.WARNING, "cannot accept a connection", e);
        }
      }
    }
  }

  /** Resets all connections, as a firewall does when it loses its connection table. */
  void reset() {
    connections.forEach(ProxyConnection::reset);
  }

  @Override
  public void close() throws IOException {
    closed = true;
    listener.close();
    reset();
  }
}
