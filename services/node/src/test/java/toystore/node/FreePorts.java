package toystore.node;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.Random;
import toystore.config.StoreConfig;

/** Settings with free ports for a test. */
public final class FreePorts {
  private FreePorts() {}

  /** The default settings with a random port base at which the ports of this node are free. */
  public static StoreConfig config(String node) {
    Random random = new Random();
    for (int i = 0; i < 1000; i++) {
      StoreConfig config = StoreConfig.load(null).withPortBase(20_000 + random.nextInt(10_000));
      if (isFree(config.httpPort(config.node(node)))
          && isFree(config.observePort(config.node(node)))) {
        return config;
      }
    }
    throw new IllegalStateException("no free ports found");
  }

  private static boolean isFree(int port) {
    try (ServerSocket socket = new ServerSocket()) {
      socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      return true;
    } catch (IOException e) {
      return false;
    }
  }
}
