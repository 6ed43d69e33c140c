package toystore.node.http;

import io.helidon.http.encoding.ContentEncodingContext;
import io.helidon.http.media.MediaContext;
import io.helidon.metadata.MetadataDiscovery;
import io.helidon.service.registry.GlobalServiceRegistry;
import io.helidon.service.registry.ServiceRegistry;
import io.helidon.service.registry.ServiceRegistryConfig;
import io.helidon.service.registry.ServiceRegistryManager;
import io.helidon.webserver.ListenerConfig;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.http1.Http1Config;
import io.helidon.webserver.http1.Http1ConnectionSelector;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.net.InetAddress;
import java.time.Duration;
import java.util.function.Supplier;
import toystore.config.StoreConfig;
import toystore.config.Topology;
import toystore.node.failure.StartRefusedException;
import toystore.node.rpc.MessageConnectionSelector;
import toystore.protocol.api.ApiPaths;
import toystore.protocol.api.ApiProblem;
import toystore.protocol.message.NodeStatus;

/**
 * The listeners of a node: one for its API and for the messages of other nodes, and one for health
 * and metrics. The response to every error is a {@link ApiProblem} in JSON.
 */
public final class NodeServer implements AutoCloseable {
  private static final String OBSERVE = "observe";
  private static final long MAX_BODY_BYTES = 16L << 20;
  private static final Duration GRACE = Duration.ofSeconds(2);

  private final WebServer server;

  private NodeServer(WebServer server) {
    this.server = server;
  }

  /**
   * Starts both listeners.
   *
   * @param status supplies what {@code /status} and {@code /health} return
   * @throws StartRefusedException if a port is in use
   */
  public static NodeServer start(
      StoreConfig config,
      Topology.Node node,
      NodeRoutes routes,
      PrometheusMeterRegistry metrics,
      Supplier<NodeStatus> status) {
    InetAddress address = ListenerAddresses.resolve(node.host());
    ListenerAddresses.requireFree(address, config.httpPort(node));
    ListenerAddresses.requireFree(address, config.observePort(node));
    routes.get(
        ApiPaths.STATUS,
        (request, response) -> ApiExchange.sendJson(request, response, status.get()));
    WebServer server =
        WebServer.builder()
            .serviceRegistry(emptyRegistry())
            .featuresDiscoverServices(false)
            .protocolsDiscoverServices(false)
            .addConnectionSelector(
                new MessageConnectionSelector(
                    Http1ConnectionSelector.builder().config(http1()).build(), routes.messages()))
            .address(address)
            .port(config.httpPort(node))
            .backlog(1024)
            .maxTcpConnections(ConnectionLimit.ofThisProcess())
            .connectionOptions(options -> options.tcpNoDelay(true))
            .maxPayloadSize(MAX_BODY_BYTES)
            .shutdownGracePeriod(GRACE)
            .shutdownHook(false)
            .mediaContext(MediaContext.builder().mediaSupportsDiscoverServices(false).build())
            .contentEncoding(
                ContentEncodingContext.builder().contentEncodingsDiscoverServices(false).build())
            .directHandlers(TransportErrors.handlers())
            .routing(routes::addTo)
            .putSocket(
                OBSERVE,
                ListenerConfig.builder()
                    .name(OBSERVE)
                    .address(address)
                    .port(config.observePort(node))
                    .protocolsDiscoverServices(false)
                    .addProtocol(http1())
                    .shutdownGracePeriod(GRACE)
                    .build())
            .routing(OBSERVE, ObserveRoutes.of(metrics, status)::addTo)
            .build()
            .start();
    if (!server.isRunning()) {
      throw new StartRefusedException(
          "cannot listen on " + node.host() + ":" + config.httpPort(node));
    }
    return new NodeServer(server);
  }

  private static Http1Config http1() {
    return Http1Config.builder()
        .name("http_1_1")
        .sendKeepAliveHeader(false)
        .validatePath(false)
        .log(log -> log.sendLog(false).receiveLog(false))
        .build();
  }

  /**
   * A service registry that discovers no services. A node consists of the parts that its main class
   * names, and starts faster without discovery. Helidon uses the registry of the process where it
   * has no other, for example for the mappers of parameters.
   */
  private static ServiceRegistry emptyRegistry() {
    // Otherwise Helidon reads the manifests of all jars to log their features.
    System.setProperty("io.helidon.metadata.mode", MetadataDiscovery.Mode.NONE.name());
    return GlobalServiceRegistry.configured()
        ? GlobalServiceRegistry.registry()
        : GlobalServiceRegistry.registry(
            ServiceRegistryManager.create(
                    ServiceRegistryConfig.builder()
                        .discoverServices(false)
                        .discoverServicesFromServiceLoader(false)
                        .build())
                .registry());
  }

  @Override
  public void close() {
    server.stop();
  }
}
