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
import org.junit.jupiter.api.DisplayName;
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
    final List<String> called = new CopyOnWriteArrayList<>();
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
        called.add(name);
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

  private LeaderClient client(Replicas replicas) {
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

  private static NodeReply call(LeaderClient client) {
    return client.call("/purchases", BODY, Deadline.in(Duration.ofSeconds(20)));
  }

  @Test
  @DisplayName("The first call goes to the highest id, and so does the next if it leads")
  void callsHighestIdFirstAndRemembersIt() {
    Replicas replicas = new Replicas(Node.FOLLOWS, Node.FOLLOWS, Node.LEADS);
    LeaderClient client = client(replicas);

    assertThat(call(client).body()).containsExactly(7);
    assertThat(call(client).status()).isEqualTo(200);
    assertThat(replicas.called).containsExactly("order-3", "order-3");
    assertThat(client.leader()).isEqualTo("order-3");
    assertThat(leaders).containsExactly("order-3");
  }

  @Test
  @DisplayName("If a follower names the leader, the call goes there next")
  void followsTheHintOfAFollower() {
    Replicas replicas = new Replicas(Node.LEADS, Node.DEAD, Node.FOLLOWS);
    replicas.hint = "order-1";

    assertThat(call(client(replicas)).status()).isEqualTo(200);
    assertThat(replicas.called).containsExactly("order-3", "order-1");
  }

  @Test
  @DisplayName("A wrong or unknown hint only costs an attempt")
  void survivesWrongHints() {
    for (String hint : List.of("order-2", "order-9", "")) {
      Replicas replicas = new Replicas(Node.LEADS, Node.DEAD, Node.FOLLOWS);
      replicas.hint = hint;

      assertThat(call(client(replicas)).status()).isEqualTo(200);
      assertThat(replicas.called).last().isEqualTo("order-1");
    }
  }

  @Test
  @DisplayName("If the leader is dead, the call goes to its successor")
  void movesFromDeadLeaderToSuccessor() {
    Replicas replicas = new Replicas(Node.FOLLOWS, Node.FOLLOWS, Node.LEADS);
    LeaderClient client = client(replicas);
    call(client);
    replicas.nodes.put("order-3", Node.DEAD);
    replicas.nodes.put("order-2", Node.LEADS);

    assertThat(call(client).status()).isEqualTo(200);
    assertThat(client.leader()).isEqualTo("order-2");
    assertThat(leaders).containsExactly("order-3", "order-2");
  }

  /** Each call to a silent host costs a timeout. */
  @Test
  @DisplayName("The next attempt does not go to the node that has just failed")
  void skipsTheNodeThatHasJustFailed() {
    for (String dead : List.of("order-3", "order-2", "order-1")) {
      Replicas replicas = new Replicas(Node.LEADS, Node.LEADS, Node.LEADS);
      replicas.nodes.put(dead, Node.DEAD);
      LeaderClient client = client(replicas);
      replicas.nodes.replaceAll((name, node) -> name.equals(dead) ? Node.LEADS : Node.DEAD);
      assertThat(call(client).status()).isEqualTo(200);
      replicas.called.clear();
      replicas.nodes.replaceAll((name, node) -> name.equals(dead) ? Node.DEAD : Node.LEADS);

      assertThat(call(client).status()).isEqualTo(200);
      assertThat(replicas.called).hasSize(2).first().isEqualTo(dead);
    }
  }

  @Test
  @DisplayName("The observer learns of a reached leader from calls only, not from probes")
  void onlyCallsReachALeader() throws InterruptedException {
    LeaderClient client = client(new Replicas(Node.FOLLOWS, Node.LEADS, Node.FOLLOWS));

    assertThat(client.findLeader()).isTrue();
    assertThat(leaders).containsExactly("order-2");
    assertThat(reached).isEmpty();

    call(client);
    call(client);
    assertThat(leaders).containsExactly("order-2");
    assertThat(reached).containsExactly("order-2");
  }

  @Test
  @DisplayName("A leader that hangs is abandoned if another node leads")
  void leavesHungLeaderIfAnotherLeads() {
    Replicas replicas = new Replicas(Node.FOLLOWS, Node.FOLLOWS, Node.LEADS);
    LeaderClient client = client(replicas);
    call(client);
    replicas.nodes.put("order-3", Node.HANGS);
    replicas.nodes.put("order-1", Node.LEADS);

    assertThat(call(client).status()).isEqualTo(200);
    assertThat(client.leader()).isEqualTo("order-1");
  }

  @Test
  @DisplayName("A slow leader is waited for as long as no other node leads")
  void waitsForSlowLeaderWhileNoOtherLeads() throws Exception {
    CompletableFuture<NodeReply> slow = new CompletableFuture<>();
    Replicas replicas = new Replicas(Node.FOLLOWS, Node.FOLLOWS, Node.LEADS);
    CompletableFuture<String> probed = new CompletableFuture<>();
    LeaderClient client =
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

    CompletableFuture<NodeReply> call = CompletableFuture.supplyAsync(() -> call(client));
    probed.get(10, java.util.concurrent.TimeUnit.SECONDS);
    assertThat(slow).isNotCancelled();
    slow.complete(new NodeReply(200, BODY, null));
    assertThat(call.get(10, java.util.concurrent.TimeUnit.SECONDS).ok()).isTrue();
  }

  @Test
  @DisplayName("A leader that is not available yet is called again")
  void retriesLeaderThatIsNotAvailableYet() {
    LeaderClient client =
        client(
            new Replicas(Node.DEAD, Node.DEAD, Node.STARTS) {
              @Override
              public CompletableFuture<NodeReply> call(
                  String url, byte @Nullable [] body, Duration timeout) {
                if (called.size() > 5) {
                  nodes.put("order-3", Node.LEADS);
                }
                return super.call(url, body, timeout);
              }
            });

    assertThat(call(client).status()).isEqualTo(200);
  }

  @Test
  @DisplayName("A response with an error status is returned to the caller")
  void returnsErrorResponses() {
    LeaderClient client =
        new LeaderClient(
            (url, body, timeout) ->
                CompletableFuture.completedFuture(new NodeReply(500, BODY, null)),
            CONFIG,
            CONFIG.nodes(Role.ORDER),
            LeaderObserver.NONE);

    assertThat(call(client).status()).isEqualTo(500);
  }

  @Test
  @DisplayName("At the deadline, the call fails with 503 and names the nodes")
  void failsWith503AtTheDeadline() {
    for (Node all : List.of(Node.DEAD, Node.FOLLOWS, Node.STARTS, Node.HANGS)) {
      LeaderClient client = client(new Replicas(all, all, all));
      long begun = System.nanoTime();

      assertThatThrownBy(() -> client.call("/purchases", BODY, Deadline.in(Duration.ofMillis(300))))
          .isInstanceOfSatisfying(ApiException.class, e -> assertThat(e.status()).isEqualTo(503))
          .hasMessage("no leader of order-3, order-2, order-1 answered within the deadline");
      assertThat(Duration.ofNanos(System.nanoTime() - begun))
          .isBetween(Duration.ofMillis(290), Duration.ofSeconds(5));
    }
  }

  @Test
  @DisplayName("findLeader requests the status of all nodes")
  void findLeaderProbesAllNodes() throws InterruptedException {
    LeaderClient found = client(new Replicas(Node.HANGS, Node.LEADS, Node.DEAD));
    assertThat(found.findLeader()).isTrue();
    assertThat(found.leader()).isEqualTo("order-2");

    LeaderClient none = client(new Replicas(Node.FOLLOWS, Node.STARTS, Node.DEAD));
    assertThat(none.findLeader()).isFalse();
    assertThat(none.leader()).isNull();
  }
}
