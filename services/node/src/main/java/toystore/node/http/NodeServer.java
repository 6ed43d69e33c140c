package toystore.node.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.management.UnixOperatingSystemMXBean;
import io.helidon.http.DirectHandler;
import io.helidon.http.Header;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.encoding.ContentEncodingContext;
import io.helidon.http.media.MediaContext;
import io.helidon.metadata.MetadataDiscovery;
import io.helidon.service.registry.GlobalServiceRegistry;
import io.helidon.service.registry.ServiceRegistry;
import io.helidon.service.registry.ServiceRegistryConfig;
import io.helidon.service.registry.ServiceRegistryManager;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.ListenerConfig;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.http.DirectHandlers;
import io.helidon.webserver.http.Filter;
import io.helidon.webserver.http.FilterChain;
import io.helidon.webserver.http.Handler;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.RoutingRequest;
import io.helidon.webserver.http.RoutingResponse;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.helidon.webserver.http1.Http1Config;
import io.helidon.webserver.http1.Http1ConnectionSelector;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import java.util.function.Supplier;
import toystore.config.StoreConfig;
import toystore.node.StartRefusedException;
import toystore.node.rpc.MessageConnectionSelector;
import toystore.node.rpc.MessageDispatcher;
import toystore.node.rpc.MessageHandler;
import toystore.node.rpc.MisdirectedException;
import toystore.protocol.api.ApiException;
import toystore.protocol.api.ApiPaths;
import toystore.protocol.api.Problem;
import toystore.protocol.codec.Json;
import toystore.protocol.message.NodeStatus;

/**
 * The HTTP side of a node: one listener for the API, one for health and metrics. Every error leaves
 * as {@link Problem} in JSON, also those that Helidon finds before any route.
 */
public final class NodeServer implements AutoCloseable {
  private static final HeaderName LEADER = HeaderNames.create(ApiPaths.LEADER);
  private static final String OBSERVE = "observe";
  private static final Header METRICS_TYPE =
      HeaderValues.createCached(
          HeaderNames.CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8");
  private static final long MAX_BODY_BYTES = 16L << 20;
  private static final long HEAP_PER_CONNECTION = 60 << 10;

  /** What a node needs under load when nobody is connected to it but other nodes. */
  private static final long HEAP_AT_WORK = 32 << 20;

  private static final Duration GRACE = Duration.ofSeconds(2);

  private final WebServer server;

  private NodeServer(WebServer server) {
    this.server = server;
  }

  /** The routes of a node: verbs by path, with 405 and 404 for everything else. */
  public static final class Routes {
    private final Map<String, Map<String, Handler>> byPath = new LinkedHashMap<>();
    private final MessageDispatcher messages = new MessageDispatcher();

    public Routes get(String path, Handler handler) {
      return add("GET", path, handler);
    }

    public Routes post(String path, Handler handler) {
      return add("POST", path, handler);
    }

    /** What is answered to a message of another node; it comes by a way of its own. */
    public <T> Routes message(String path, Class<T> type, MessageHandler<T> answering) {
      messages.add(path, type, answering);
      return this;
    }

    private Routes add(String method, String path, Handler handler) {
      byPath.computeIfAbsent(path, p -> new LinkedHashMap<>()).put(method, handler);
      return this;
    }

    /** Routes are tried in the order in which they were given: hot ones first. */
    void into(HttpRouting.Builder routing) {
      routing.addFilter(new Gate());
      byPath.forEach(
          (path, verbs) -> {
            addPath(routing, path, verbs);
            // The reference system answers /orders and /orders/ alike.
            addPath(routing, path + "/", verbs);
          });
      routing.any(
          (request, response) -> {
            throw ApiException.notFound("there is nothing at this path");
          });
      routing.error(Throwable.class, NodeServer::answerError);
    }

    private static void addPath(
        HttpRouting.Builder routing, String path, Map<String, Handler> verbs) {
      StringJoiner allowed = new StringJoiner(", ");
      verbs.forEach(
          (method, handler) -> {
            allowed.add(method);
            if (method.equals("GET")) {
              allowed.add("HEAD");
              routing.get(path, handler).head(path, handler);
            } else {
              routing.post(path, handler);
            }
          });
      Header allow = HeaderValues.create(HeaderNames.ALLOW, allowed.toString());
      routing.any(
          path,
          (request, response) -> {
            response.header(allow);
            HttpExchange.sendProblem(
                request, response, new Problem(405, "this path allows " + allowed));
          });
    }
  }

  /** Refuses paths that cannot be decoded, and closes connections that were asked to be closed. */
  private static final class Gate implements Filter {
    @Override
    public void filter(FilterChain chain, RoutingRequest request, RoutingResponse response) {
      if (decodes(request)) {
        chain.proceed();
      } else {
        HttpExchange.sendProblem(
            request, response, new Problem(400, "the path is not properly encoded"));
      }
      // Helidon 4.5.0 keeps such a connection open and would wait for another request on it.
      if (response.headers().contains(HeaderNames.CONNECTION)
          && response.headers().containsToken(HeaderValues.CONNECTION_CLOSE)) {
        throw new CloseConnectionException("Connection: close");
      }
    }

    private static boolean decodes(RoutingRequest request) {
      try {
        return request.path().path().startsWith("/");
      } catch (IllegalArgumentException e) {
        return false;
      }
    }
  }

  private static void answerError(ServerRequest request, ServerResponse response, Throwable error) {
    Problem problem = ErrorResponses.problem(error, request.prologue());
    response.headers().clear();
    if (error instanceof MisdirectedException e && e.leader() != null) {
      response.header(LEADER, e.leader());
    }
    HttpExchange.sendProblem(request, response, problem);
  }

  /** Errors that Helidon finds before there is a route: broken requests, too many of them. */
  private static DirectHandlers directHandlers() {
    DirectHandler handler =
        (request, type, status, headers, message) -> {
          Problem problem =
              new Problem(status.code(), message == null ? status.reasonPhrase() : message);
          var response =
              DirectHandler.TransportResponse.builder()
                  .status(status)
                  .headers(headers)
                  .header(HeaderNames.CONTENT_TYPE, "application/json");
          if (status.code() == 503) {
            response.header(HeaderNames.RETRY_AFTER, "1");
          }
          return response.entity(Json.toJson(new Problem.Body(problem))).build();
        };
    DirectHandlers.Builder handlers = DirectHandlers.builder();
    for (DirectHandler.EventType type : DirectHandler.EventType.values()) {
      handlers.addHandler(type, handler);
    }
    return handlers.build();
  }

  /**
   * Starts both listeners.
   *
   * @param status what {@code /status} and {@code /health} tell
   * @throws StartRefusedException if a port is taken
   */
  public static NodeServer start(
      StoreConfig config,
      StoreConfig.Node node,
      Routes routes,
      PrometheusMeterRegistry metrics,
      Supplier<NodeStatus> status) {
    InetAddress address = address(node.host());
    requireFree(address, config.httpPort(node));
    requireFree(address, config.observePort(node));
    routes.get(
        ApiPaths.STATUS,
        (request, response) -> HttpExchange.sendJson(request, response, status.get()));
    WebServer server =
        WebServer.builder()
            .serviceRegistry(emptyRegistry())
            .featuresDiscoverServices(false)
            .protocolsDiscoverServices(false)
            .addConnectionSelector(
                new MessageConnectionSelector(
                    Http1ConnectionSelector.builder().config(http1()).build(), routes.messages))
            .address(address)
            .port(config.httpPort(node))
            .backlog(1024)
            .maxTcpConnections(mostConnections())
            .connectionOptions(options -> options.tcpNoDelay(true))
            .maxPayloadSize(MAX_BODY_BYTES)
            .shutdownGracePeriod(GRACE)
            .shutdownHook(false)
            .mediaContext(MediaContext.builder().mediaSupportsDiscoverServices(false).build())
            .contentEncoding(
                ContentEncodingContext.builder().contentEncodingsDiscoverServices(false).build())
            .directHandlers(directHandlers())
            .routing(routes::into)
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
            .routing(OBSERVE, observe(metrics, status)::into)
            .build()
            .start();
    if (!server.isRunning()) {
      throw new StartRefusedException(
          "cannot listen on " + node.host() + ":" + config.httpPort(node));
    }
    return new NodeServer(server);
  }

  private static Routes observe(PrometheusMeterRegistry metrics, Supplier<NodeStatus> status) {
    return new Routes()
        .get(
            ApiPaths.METRICS,
            (request, response) ->
                HttpExchange.send(
                    request, response, 200, METRICS_TYPE, metrics.scrape().getBytes(UTF_8)))
        .get(
            ApiPaths.HEALTH,
            (request, response) -> {
              NodeStatus now = status.get();
              HttpExchange.send(
                  request,
                  response,
                  now.ready() ? 200 : 503,
                  HeaderValues.CONTENT_TYPE_JSON,
                  Json.toJson(Map.of("status", now.ready() ? "UP" : "DOWN", "state", now.state())));
            });
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
   * Nothing is discovered: a node consists of what its main names, and starts faster. Helidon also
   * asks the registry of the process, where it was given none: for the mappers of parameters, say.
   */
  private static ServiceRegistry emptyRegistry() {
    // Nor does Helidon read the manifests of all jars, to log which features there are.
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

  /**
   * So many connections fit into this process; further ones wait until others end. Each takes up to
   * 30 kB of heap while it is busy, and one file: without a limit a crowd ends the node.
   */
  private static int mostConnections() {
    long byHeap = (Runtime.getRuntime().maxMemory() - HEAP_AT_WORK) / HEAP_PER_CONNECTION;
    long byFiles =
        ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean system
            ? system.getMaxFileDescriptorCount() / 2
            : Long.MAX_VALUE;
    return Math.clamp(Math.min(byHeap, byFiles), 64, 1 << 20);
  }

  /** Where this process reaches its own listeners. */
  public static List<InetSocketAddress> addresses(StoreConfig config, StoreConfig.Node node) {
    InetAddress listening = address(node.host());
    InetAddress address =
        listening.isAnyLocalAddress() ? InetAddress.getLoopbackAddress() : listening;
    return List.of(
        new InetSocketAddress(address, config.httpPort(node)),
        new InetSocketAddress(address, config.observePort(node)));
  }

  private static InetAddress address(String host) {
    try {
      return InetAddress.getByName(host);
    } catch (UnknownHostException e) {
      throw new StartRefusedException("nodes: host '" + host + "' is not known here", e);
    }
  }

  /** Helidon's start() does not throw when a port is taken, and says so only in its log. */
  private static void requireFree(InetAddress address, int port) {
    try (ServerSocket socket = new ServerSocket()) {
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(address, port));
    } catch (IOException e) {
      throw new StartRefusedException(
          "port " + port + " on " + address.getHostAddress() + " is in use", e);
    }
  }

  @Override
  public void close() {
    server.stop();
  }
}
