package toystore.node;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.Random;
import toystore.config.StoreConfig;

/** Ports for a test that nothing else uses now. */
public final class FreePorts {
  private FreePorts() {}

  /** The shipped settings on a port base at which this node's ports are free. */
  public static StoreConfig config(String node) {
    Random random = new Random();
    for (int i = 0; i < 1000; i++) {
      StoreConfig config = StoreConfig.load(null).withPortBase(20_000 + random.nextInt(10_000));
      if (free(config.httpPort(config.node(node))) && free(config.observePort(config.node(node)))) {
        return config;
      }
    }
    throw new IllegalStateException("there are no free ports");
  }

  private static boolean free(int port) {
    try (ServerSocket socket = new ServerSocket()) {
      socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      return true;
    } catch (IOException e) {
      return false;
    }
  }
}
