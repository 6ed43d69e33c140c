package toystore.toyctl.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import toystore.client.ApiHttpClient;
import toystore.config.StoreConfig;
import toystore.toyctl.cluster.datadir.RunFile;
import toystore.toyctl.cluster.datadir.RunFiles;
import toystore.toyctl.cluster.nodes.NodeClient;
import toystore.toyctl.cluster.process.Cluster;
import toystore.toyctl.cluster.process.NodeLauncher;
import toystore.toyctl.cluster.process.Supervisor;

/** A supervisor in this JVM, and nodes that are {@link FakeNode} processes. */
@Timeout(60)
class SupervisorTest {
  private static final Duration TIMEOUT = Duration.ofSeconds(20);

  @TempDir private Path directory = Path.of("");

  private CliHarness cli = new CliHarness(directory, 1);
  private final List<String> logged = new CopyOnWriteArrayList<>();
  private @Nullable Thread supervising;

  @BeforeEach
  void chooseFreePorts() {
    cli = CliHarness.onFreePorts(directory);
  }

  @AfterEach
  void endAllProcesses() throws Exception {
    Thread thread = supervising;
    if (thread != null) {
      thread.interrupt();
      thread.join(TIMEOUT);
    }
    for (String node : cli.runs().nodes()) {
      cli.runs().process(node).ifPresent(process -> assertThat(process.destroyForcibly()).isTrue());
    }
  }

  @Test
  @DisplayName("A killed node is restarted")
  void killedNodeIsRestarted() throws IOException {
    assertThat(cli.run("start", "order-3").exitCode()).isZero();
    RunFile first = run();
    supervise(null);

    kill();

    await().atMost(TIMEOUT).until(() -> node("state").asText().equals("ready"));
    assertThat(run().pid()).isNotEqualTo(first.pid());
    assertThat(node("restarts").asInt()).isEqualTo(1);
    assertThat(logged).anyMatch(line -> line.contains("order-3 ended: no reason logged"));
  }

  @Test
  @DisplayName("A node that a user stopped is not restarted")
  void stoppedNodeIsNotRestarted() throws IOException {
    assertThat(cli.run("start", "order-3", "order-2").exitCode()).isZero();
    supervise(null);

    assertThat(cli.run("stop", "order-3", "--kill").exitCode()).isZero();
    cli.runs().process("order-2").ifPresent(ProcessHandle::destroyForcibly);

    // The restart of order-2 shows that the supervisor has checked both nodes.
    await()
        .atMost(TIMEOUT)
        .until(() -> !logged.isEmpty() && cli.runs().process("order-2").isPresent());
    assertThat(cli.runs().read("order-3")).isEmpty();
    assertThat(node("state").asText()).isEqualTo("stopped");
    assertThat(logged).noneMatch(line -> line.contains("order-3"));
  }

  @Test
  @DisplayName("A node that fails too often is left down, and status shows the reason")
  void nodeThatFailsTooOftenIsLeftDown() throws IOException {
    assertThat(cli.run("start", "order-3").exitCode()).isZero();
    Path broken =
        Files.writeString(directory.resolve("broken.yaml"), "jvm:\n  order: -Dfake.exit=1\n");
    supervise(broken);

    kill();

    await().atMost(TIMEOUT).until(() -> run().desired() == RunFile.DesiredState.LEFT_DOWN);
    assertThat(node("state").asText()).isEqualTo("crashed");
    assertThat(node("reason").asText())
        .isEqualTo("left down after 5 failures within a minute: order-3 cannot start for a reason");
    assertThat(cli.run("status").out()).contains("order-3 crashed: left down after 5 failures");
    assertThat(cli.run("start", "order-3").exitCode())
        .as("started by a user, with working settings")
        .isZero();
    assertThat(run().desired()).isEqualTo(RunFile.DesiredState.RUN);
    assertThat(run().restarts()).isZero();
  }

  @Test
  @DisplayName("A supervisor ends if the run file names another one")
  void replacedSupervisorEnds() throws Exception {
    assertThat(cli.run("start", "order-3").exitCode()).isZero();
    Thread thread = supervise(null);

    cli.runs().writeSupervisor(RunFile.of(RunFiles.SUPERVISOR, process(), "", 0).withRestarts(1));
    RunFile other = cli.runs().supervisor().orElseThrow();
    cli.runs()
        .writeSupervisor(
            new RunFile(other.node(), other.pid() + 1, 0, "", 0, RunFile.DesiredState.RUN, 0));

    assertThat(thread.join(TIMEOUT)).isTrue();
  }

  private static ProcessHandle process() {
    return ProcessHandle.current();
  }

  /** Supervises order-3 and order-2 in a thread, as the supervisor process would. */
  private Thread supervise(@Nullable Path settings) throws IOException {
    StoreConfig config = cli.config();
    StoreConfig launched =
        settings == null ? config : StoreConfig.load(settings).withPortBase(cli.portBase);
    cli.runs().writeSupervisor(RunFile.of(RunFiles.SUPERVISOR, process(), "", 0));
    Thread thread =
        Thread.ofPlatform()
            .name("supervisor")
            .start(
                () -> {
                  try (ApiHttpClient http = new ApiHttpClient()) {
                    new Supervisor(
                            List.of(config.node("order-3"), config.node("order-2")),
                            cli.runs(),
                            new Cluster(
                                config,
                                cli.data,
                                () ->
                                    new NodeLauncher(
                                        CliHarness.fakeNodes(), launched, settings, cli.data),
                                new NodeClient(http, config)),
                            null,
                            logged::add)
                        .run(process().pid());
                  } catch (InterruptedException _) {
                    Thread.currentThread().interrupt();
                  }
                });
    supervising = thread;
    return thread;
  }

  private RunFile run() {
    return cli.runs().read("order-3").orElseThrow();
  }

  private void kill() {
    assertThat(cli.runs().process("order-3").orElseThrow().destroyForcibly()).isTrue();
  }

  private JsonNode node(String field) {
    return StreamSupport.stream(
            cli.run("status", "-o", "json").json().get("nodes").spliterator(), false)
        .filter(node -> node.get("node").asText().equals("order-3"))
        .findFirst()
        .orElseThrow()
        .get(field);
  }
}
