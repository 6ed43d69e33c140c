package toystore.toyctl.cli;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import toystore.config.Role;
import toystore.config.StoreConfig;
import toystore.config.Topology;
import toystore.protocol.api.ApiPaths;
import toystore.protocol.codec.Json;
import toystore.protocol.message.NodeStatus;

/**
 * A process that answers status requests like a node. Tests make it fail with system properties in
 * its JVM options: {@code fake.exit} (it ends at once with this exit code), {@code fake.stubborn}
 * (it ignores SIGTERM), {@code fake.starting} (it never becomes ready).
 */
public final class FakeNode {
  private FakeNode() {}

  public static void main(String[] args) throws IOException {
    String name = argument(args, "--node");
    String configFile = argument(args, "--config");
    if (name == null) {
      throw new IllegalArgumentException("no --node");
    }
    Integer exit = Integer.getInteger("fake.exit");
    if (exit != null) {
      System.err.println("starting " + name);
      System.err.println("toystore: " + name + " cannot start for a reason");
      Runtime.getRuntime().halt(exit);
    }
    if (Boolean.getBoolean("fake.stubborn")) {
      Runtime.getRuntime().addShutdownHook(new Thread(FakeNode::waitForever));
    }
    StoreConfig config = StoreConfig.load(configFile == null ? null : Path.of(configFile));
    Topology.Node self = config.node(name);
    String data = argument(args, "--data");
    if (data != null && self.role() != Role.FRONTEND) {
      Files.createDirectories(Path.of(data, name));
      Files.writeString(Path.of(data, name, "orders.mv.db"), "some");
    }
    HttpServer server =
        HttpServer.create(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), config.httpPort(self)), 0);
    byte[] status = Json.toJson(status(config, self));
    server.createContext(
        ApiPaths.STATUS,
        exchange -> {
          exchange.sendResponseHeaders(200, status.length);
          exchange.getResponseBody().write(status);
          exchange.close();
        });
    server.start();
  }

  private static NodeStatus status(StoreConfig config, Topology.Node self) {
    boolean order = self.role() == Role.ORDER;
    boolean hasLog = self.role() != Role.FRONTEND;
    boolean leads = self.name().equals("order-3");
    return new NodeStatus(
        self.name(),
        order ? (leads ? "leader" : "follower") : self.role().name().toLowerCase(Locale.ROOT),
        Boolean.getBoolean("fake.starting") ? "starting" : "ready",
        config.cluster(),
        self.role() == Role.CATALOG ? config.nodes(Role.CATALOG).getFirst().name() : "order-3",
        hasLog ? 1L : null,
        hasLog ? 9L : null,
        hasLog ? 9L : null,
        order ? 20L : null,
        order ? "abc" : null,
        order ? "missed no orders" : null,
        leads
            ? List.of(new NodeStatus.PeerLag("order-1", 0), new NodeStatus.PeerLag("order-2", 2))
            : null,
        ProcessHandle.current().pid(),
        4.2);
  }

  private static @Nullable String argument(String[] args, String name) {
    for (int i = 0; i + 1 < args.length; i++) {
      if (args[i].equals(name)) {
        return args[i + 1];
      }
    }
    return null;
  }

  private static void waitForever() {
    try {
      new CountDownLatch(1).await();
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }
}
