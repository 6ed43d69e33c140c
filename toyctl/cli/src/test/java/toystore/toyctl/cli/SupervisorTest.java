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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import toystore.config.StoreConfig;
import toystore.toyctl.cluster.HttpApi;
import toystore.toyctl.cluster.process.Cluster;
import toystore.toyctl.cluster.process.NodeLauncher;
import toystore.toyctl.cluster.process.RunFile;
import toystore.toyctl.cluster.process.Supervisor;
import toystore.toyctl.cluster.status.NodeClient;

/** Fake nodes that end, watched by a supervisor in this JVM. */
@Timeout(60)
class SupervisorTest {
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  @TempDir private Path directory = Path.of("");

  private CliHarness cli = new CliHarness(directory, 1);
  private final List<String> said = new CopyOnWriteArrayList<>();
  private @Nullable Thread watching;

  @BeforeEach
  void freshStore() {
    cli = CliHarness.onFreePorts(directory);
  }

  @AfterEach
  void nothingStaysBehind() throws Exception {
    Thread thread = watching;
    if (thread != null) {
      thread.interrupt();
      thread.join(PATIENCE);
    }
    for (String node : cli.runs().nodes()) {
      cli.runs().process(node).ifPresent(process -> assertThat(process.destroyForcibly()).isTrue());
    }
  }

  @Test
  void aNodeThatIsKilledIsStartedAgain() throws IOException {
    assertThat(cli.run("start", "order-3").exitCode()).isZero();
    RunFile first = run();
    watch(null);

    kill();

    await().atMost(PATIENCE).until(() -> node("state").asText().equals("ready"));
    assertThat(run().pid()).isNotEqualTo(first.pid());
    assertThat(node("restarts").asInt()).isEqualTo(1);
    assertThat(said).anyMatch(line -> line.contains("order-3 ended: without a word"));
  }

  @Test
  void aNodeThatWasStoppedStaysStopped() throws IOException {
    assertThat(cli.run("start", "order-3", "order-2").exitCode()).isZero();
    watch(null);

    assertThat(cli.run("stop", "order-3", "--kill").exitCode()).isZero();
    cli.runs().process("order-2").ifPresent(ProcessHandle::destroyForcibly);

    // The other one's restart shows that the supervisor has looked.
    await()
        .atMost(PATIENCE)
        .until(() -> !said.isEmpty() && cli.runs().process("order-2").isPresent());
    assertThat(cli.runs().read("order-3")).isEmpty();
    assertThat(node("state").asText()).isEqualTo("stopped");
    assertThat(said).noneMatch(line -> line.contains("order-3"));
  }

  @Test
  void aNodeThatFailsAgainAndAgainIsLeftDownWithItsReason() throws IOException {
    assertThat(cli.run("start", "order-3").exitCode()).isZero();
    Path broken =
        Files.writeString(directory.resolve("broken.yaml"), "jvm:\n  order: -Dfake.exit=1\n");
    watch(broken);

    kill();

    await().atMost(PATIENCE).until(() -> run().wish() == RunFile.Wish.LEFT_DOWN);
    assertThat(node("state").asText()).isEqualTo("crashed");
    assertThat(node("reason").asText())
        .isEqualTo("left down after 5 failures within a minute: order-3 cannot start for a reason");
    assertThat(cli.run("status").out()).contains("order-3 crashed: left down after 5 failures");
    assertThat(cli.run("start", "order-3").exitCode()).as("by hand, and well again").isZero();
    assertThat(run().wish()).isEqualTo(RunFile.Wish.RUN);
    assertThat(run().restarts()).isZero();
  }

  @Test
  void aSupervisorThatIsNotTheRecordedOneEnds() throws Exception {
    assertThat(cli.run("start", "order-3").exitCode()).isZero();
    Thread thread = watch(null);

    cli.runs().writeSupervisor(RunFile.of(Supervisor.NAME, process(), "", 0).withRestarts(1));
    RunFile other = cli.runs().supervisor().orElseThrow();
    cli.runs()
        .writeSupervisor(new RunFile(other.node(), other.pid() + 1, 0, "", 0, RunFile.Wish.RUN, 0));

    assertThat(thread.join(PATIENCE)).isTrue();
  }

  private static ProcessHandle process() {
    return ProcessHandle.current();
  }

  /** Watches order-3 and order-2 in a thread, as the process would. */
  private Thread watch(@Nullable Path settings) throws IOException {
    StoreConfig config = cli.config();
    StoreConfig launched =
        settings == null ? config : StoreConfig.load(settings).withPortBase(cli.portBase);
    cli.runs().writeSupervisor(RunFile.of(Supervisor.NAME, process(), "", 0));
    Thread thread =
        Thread.ofPlatform()
            .name("supervisor")
            .start(
                () -> {
                  try (HttpApi http = new HttpApi()) {
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
                            said::add)
                        .run(process().pid());
                  } catch (InterruptedException _) {
                    Thread.currentThread().interrupt();
                  }
                });
    watching = thread;
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
