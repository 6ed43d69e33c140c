package toystore.node.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import toystore.client.Deadline;
import toystore.config.Role;
import toystore.config.StoreConfig;
import toystore.protocol.api.ApiException;
import toystore.protocol.api.ApiPaths;
import toystore.protocol.codec.Json;
import toystore.protocol.message.NodeReply;
import toystore.protocol.message.NodeStatus;

class LeaderClientTest {
  private static final StoreConfig CONFIG = StoreConfig.load(null);
  private static final byte[] BODY = {1};

  /** How one node behaves. */
  private enum Node {
    LEADS,
    FOLLOWS,
    STARTS,
    DEAD,
    HANGS
  }

  /** Three order replicas without a network. */
  private static class Replicas implements NodeCaller {
    final Map<String, Node> nodes = new ConcurrentHashMap<>();
    final List<String> asked = new CopyOnWriteArrayList<>();
    volatile @Nullable String hint;

    Replicas(Node first, Node second, Node third) {
      nodes.put("order-1", first);
      nodes.put("order-2", second);
      nodes.put("order-3", third);
    }

    @Override
    public CompletableFuture<NodeReply> call(String url, byte @Nullable [] body, Duration timeout) {
      String name =
          CONFIG.nodes(Role.ORDER).stream()
              .filter(node -> url.startsWith(CONFIG.url(node) + "/"))
              .findFirst()
              .orElseThrow()
              .name();
      if (!url.endsWith(ApiPaths.STATUS)) {
        asked.add(name);
      }
      return switch (nodes.getOrDefault(name, Node.DEAD)) {
        case HANGS -> new CompletableFuture<>();
        case DEAD -> CompletableFuture.failedFuture(new IOException("connection refused"));
        case STARTS -> reply(503, new byte[0], null);
        case FOLLOWS ->
            url.endsWith(ApiPaths.STATUS)
                ? reply(200, status(name, false), null)
                : reply(421, new byte[0], hint);
        case LEADS ->
            url.endsWith(ApiPaths.STATUS)
                ? reply(200, status(name, true), null)
                : reply(200, new byte[] {7}, null);
      };
    }

    private static byte[] status(String name, boolean leads) {
      return Json.toJson(
          new NodeStatus(
              name,
              leads ? "leader" : "follower",
              "ready",
              "toy-store",
              leads ? name : null,
              1L,
              1L,
              1L,
              0L,
              null,
              null,
              null,
              1,
              1));
    }

    private static CompletableFuture<NodeReply> reply(
        int status, byte[] body, @Nullable String leader) {
      return CompletableFuture.completedFuture(new NodeReply(status, body, leader));
    }
  }

  private final List<String> leaders = new CopyOnWriteArrayList<>();
  private final List<String> reached = new CopyOnWriteArrayList<>();

  private LeaderClient route(Replicas replicas) {
    return new LeaderClient(
        replicas,
        CONFIG,
        CONFIG.nodes(Role.ORDER),
        new LeaderObserver() {
          @Override
          public void leaderChanged(String leader) {
            leaders.add(leader);
          }

          @Override
          public void leaderReached(String leader, Duration waited) {
            reached.add(leader);
          }
        });
  }

  private static NodeReply call(LeaderClient route) {
    return route.call("/purchases", BODY, Deadline.in(Duration.ofSeconds(20)));
  }

  @Test
  void theHighestIdIsAskedFirstAndThenAgain() {
    Replicas replicas = new Replicas(Node.FOLLOWS, Node.FOLLOWS, Node.LEADS);
    LeaderClient route = route(replicas);

    assertThat(call(route).body()).containsExactly(7);
    assertThat(call(route).status()).isEqualTo(200);
    assertThat(replicas.asked).containsExactly("order-3", "order-3");
    assertThat(route.leader()).isEqualTo("order-3");
    assertThat(leaders).containsExactly("order-3");
  }

  @Test
  void aFollowersHintIsTaken() {
    Replicas replicas = new Replicas(Node.LEADS, Node.DEAD, Node.FOLLOWS);
    replicas.hint = "order-1";

    assertThat(call(route(replicas)).status()).isEqualTo(200);
    assertThat(replicas.asked).containsExactly("order-3", "order-1");
  }

  @Test
  void aHintThatIsWrongOrUnknownDoesNoHarm() {
    for (String hint : List.of("order-2", "order-9", "")) {
      Replicas replicas = new Replicas(Node.LEADS, Node.DEAD, Node.FOLLOWS);
      replicas.hint = hint;

      assertThat(call(route(replicas)).status()).isEqualTo(200);
      assertThat(replicas.asked).last().isEqualTo("order-1");
    }
  }

  @Test
  void aDeadLeaderIsLeftForItsSuccessor() {
    Replicas replicas = new Replicas(Node.FOLLOWS, Node.FOLLOWS, Node.LEADS);
    LeaderClient route = route(replicas);
    call(route);
    replicas.nodes.put("order-3", Node.DEAD);
    replicas.nodes.put("order-2", Node.LEADS);

    assertThat(call(route).status()).isEqualTo(200);
    assertThat(route.leader()).isEqualTo("order-2");
    assertThat(leaders).containsExactly("order-3", "order-2");
  }

  /** A silent host costs a timeout each time it is asked. */
  @Test
  void aLeaderThatHasJustFailedIsNotTheNextToBeAsked() {
    for (String dead : List.of("order-3", "order-2", "order-1")) {
      Replicas replicas = new Replicas(Node.LEADS, Node.LEADS, Node.LEADS);
      replicas.nodes.put(dead, Node.DEAD);
      LeaderClient route = route(replicas);
      replicas.nodes.replaceAll((name, node) -> name.equals(dead) ? Node.LEADS : Node.DEAD);
      assertThat(call(route).status()).isEqualTo(200);
      replicas.asked.clear();
      replicas.nodes.replaceAll((name, node) -> name.equals(dead) ? Node.DEAD : Node.LEADS);

      assertThat(call(route).status()).isEqualTo(200);
      assertThat(replicas.asked).hasSize(2).first().isEqualTo(dead);
    }
  }

  /** What is told of how long calls waited is of calls, whoever found the leader before. */
  @Test
  void aLeaderIsReachedByACallOnly() throws InterruptedException {
    LeaderClient route = route(new Replicas(Node.FOLLOWS, Node.LEADS, Node.FOLLOWS));

    assertThat(route.findLeader()).isTrue();
    assertThat(leaders).containsExactly("order-2");
    assertThat(reached).isEmpty();

    call(route);
    call(route);
    assertThat(leaders).containsExactly("order-2");
    assertThat(reached).containsExactly("order-2");
  }

  @Test
  void aHungLeaderIsFoundOutWhenAnotherOneLeads() {
    Replicas replicas = new Replicas(Node.FOLLOWS, Node.FOLLOWS, Node.LEADS);
    LeaderClient route = route(replicas);
    call(route);
    replicas.nodes.put("order-3", Node.HANGS);
    replicas.nodes.put("order-1", Node.LEADS);

    assertThat(call(route).status()).isEqualTo(200);
    assertThat(route.leader()).isEqualTo("order-1");
  }

  @Test
  void aSlowLeaderIsWaitedForWhileNobodyElseLeads() throws Exception {
    CompletableFuture<NodeReply> slow = new CompletableFuture<>();
    Replicas replicas = new Replicas(Node.FOLLOWS, Node.FOLLOWS, Node.LEADS);
    CompletableFuture<String> probed = new CompletableFuture<>();
    LeaderClient route =
        new LeaderClient(
            (url, body, timeout) -> {
              if (body != null) {
                return slow;
              }
              probed.complete(url);
              return replicas.call(url, body, timeout);
            },
            CONFIG,
            CONFIG.nodes(Role.ORDER),
            LeaderObserver.NONE);

    CompletableFuture<NodeReply> call = CompletableFuture.supplyAsync(() -> call(route));
    probed.get(10, java.util.concurrent.TimeUnit.SECONDS);
    assertThat(slow).isNotCancelled();
    slow.complete(new NodeReply(200, BODY, null));
    assertThat(call.get(10, java.util.concurrent.TimeUnit.SECONDS).ok()).isTrue();
  }

  @Test
  void aLeaderThatIsNotAvailableYetIsAskedAgain() {
    LeaderClient route =
        route(
            new Replicas(Node.DEAD, Node.DEAD, Node.STARTS) {
              @Override
              public CompletableFuture<NodeReply> call(
                  String url, byte @Nullable [] body, Duration timeout) {
                if (asked.size() > 5) {
                  nodes.put("order-3", Node.LEADS);
                }
                return super.call(url, body, timeout);
              }
            });

    assertThat(call(route).status()).isEqualTo(200);
  }

  @Test
  void anAnswerThatIsAnErrorIsStillAnAnswer() {
    LeaderClient route =
        new LeaderClient(
            (url, body, timeout) ->
                CompletableFuture.completedFuture(new NodeReply(500, BODY, null)),
            CONFIG,
            CONFIG.nodes(Role.ORDER),
            LeaderObserver.NONE);

    assertThat(call(route).status()).isEqualTo(500);
  }

  @Test
  void whenTheDeadlinePassesTheAnswerIs503AndNamesTheNodes() {
    for (Node all : List.of(Node.DEAD, Node.FOLLOWS, Node.STARTS, Node.HANGS)) {
      LeaderClient route = route(new Replicas(all, all, all));
      long begun = System.nanoTime();

      assertThatThrownBy(() -> route.call("/purchases", BODY, Deadline.in(Duration.ofMillis(300))))
          .isInstanceOfSatisfying(ApiException.class, e -> assertThat(e.status()).isEqualTo(503))
          .hasMessage("no leader of order-3, order-2, order-1 answered within the deadline");
      assertThat(Duration.ofNanos(System.nanoTime() - begun))
          .isBetween(Duration.ofMillis(290), Duration.ofSeconds(5));
    }
  }

  @Test
  void allAreAskedWhoLeads() throws InterruptedException {
    LeaderClient found = route(new Replicas(Node.HANGS, Node.LEADS, Node.DEAD));
    assertThat(found.findLeader()).isTrue();
    assertThat(found.leader()).isEqualTo("order-2");

    LeaderClient none = route(new Replicas(Node.FOLLOWS, Node.STARTS, Node.DEAD));
    assertThat(none.findLeader()).isFalse();
    assertThat(none.leader()).isNull();
  }
}
