package toystore.toyctl.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import toystore.toyctl.cluster.ExitCode;
import toystore.toyctl.cluster.datadir.ProcessLiveness;
import toystore.toyctl.cluster.datadir.RunFile;

/** Starts and stops real processes, each a {@link FakeNode}. */
class ProcessesTest {
  @TempDir private Path directory = Path.of("");

  private CliHarness cli = new CliHarness(directory, 1);

  @BeforeEach
  void chooseFreePorts() {
    cli = CliHarness.onFreePorts(directory);
  }

  @AfterEach
  void killNodes() throws IOException {
    for (String node : cli.runs().nodes()) {
      cli.runs().process(node).ifPresent(process -> assertThat(process.destroyForcibly()).isTrue());
    }
  }

  @Test
  @DisplayName("up starts a store once, status shows it, and down --wipe removes it")
  void storeIsStartedOnceAndStopped() throws IOException {
    CliHarness.Result up = cli.run("up", "-o", "json");
    assertThat(up.err()).isEmpty();
    assertThat(up.exitCode()).isZero();
    assertThat(up.json().get("started")).hasSize(5);
    assertThat(up.json().get("leader").asText()).isEqualTo("order-3");
    Map<String, Long> pids = pids();

    CliHarness.Result again = cli.run("up", "-o", "json");
    assertThat(again.exitCode()).isZero();
    assertThat(again.json().get("started")).isEmpty();
    assertThat(pids()).isEqualTo(pids);

    CliHarness.Result status = cli.run("status", "-o", "json");
    assertThat(status.exitCode()).isZero();
    assertThat(status.json().get("health").asText()).isEqualTo("healthy");
    assertThat(states(status))
        .containsEntry("catalog", "ready")
        .containsEntry("order-1", "ready")
        .containsEntry("frontend", "ready");
    JsonNode second = status.json().at("/nodes/3");
    assertThat(second.get("node").asText()).isEqualTo("order-2");
    assertThat(second.get("pid").asLong()).isEqualTo(pids.get("order-2"));
    assertThat(second.get("lag").asLong()).isEqualTo(2);
    assertThat(second.get("uptime_s").asLong()).isEqualTo(4);

    assertThat(cli.run("down", "--wipe").exitCode()).isZero();
    assertThat(pids.values()).noneMatch(pid -> alive(pid));
    assertThat(cli.data).isEmptyDirectory();
    assertThat(cli.run("status").exitCode()).isEqualTo(ExitCode.NOT_RUNNING);
  }

  @Test
  @DisplayName("Added front ends are remembered, and cannot be removed by up")
  void addedFrontEndsAreRemembered() {
    CliHarness.Result up = cli.run("up", "--frontends", "2", "-o", "json");
    assertThat(up.err()).isEmpty();
    assertThat(up.json().get("started")).hasSize(6);
    assertThat(up.json().get("url").asText()).endsWith(":" + (cli.portBase + 3));
    assertThat(states(cli.run("status", "-o", "json"))).containsEntry("frontend-2", "ready");

    assertThat(cli.run("stop", "frontend-2").exitCode()).isZero();
    CliHarness.Result degraded = cli.run("status", "-o", "json");
    assertThat(degraded.exitCode()).isEqualTo(ExitCode.DEGRADED);
    assertThat(degraded.json().get("nodes")).hasSize(6);
    assertThat(cli.run("up", "-o", "json").json().get("started").toString())
        .isEqualTo("[\"frontend-2\"]");

    assertThat(cli.run("up", "--frontends", "3", "-o", "json").json().get("started").toString())
        .isEqualTo("[\"frontend-3\"]");
    CliHarness.Result fewer = cli.run("up", "--frontends", "1");
    assertThat(fewer.exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(fewer.err())
        .contains("the store has 3 front ends")
        .contains("try: toyctl stop frontend-3 frontend-2");
    assertThat(cli.run("status").exitCode()).isZero();

    assertThat(cli.run("down", "--wipe").exitCode()).isZero();
    assertThat(cli.data).isEmptyDirectory();
  }

  @ParameterizedTest
  @DisplayName("An invalid number of front ends is a usage error")
  @ValueSource(strings = {"0", "-1", "17", "many"})
  void invalidNumberOfFrontEndsIsAUsageError(String number) {
    CliHarness.Result result = cli.run("up", "--frontends", number);

    assertThat(result.exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(result.err()).contains("frontends").contains("try: ");
    assertThat(cli.data).doesNotExist();
  }

  @Test
  @DisplayName("Commands that start nodes reject settings with another number of catalog nodes")
  void numberOfCatalogNodesCannotChange() throws IOException {
    String three = config("catalog:\n  replicas: 3\n").toString();
    assertThat(cli.run("up", "--config", three, "-o", "json").json().get("started")).hasSize(7);
    CliHarness.Result status = cli.run("status", "-o", "json");
    assertThat(status.json().get("health").asText()).isEqualTo("healthy");
    assertThat(status.json().get("catalog_leader").asText()).isEqualTo("catalog-3");
    assertThat(states(status)).containsEntry("catalog-2", "ready");
    assertThat(cli.run("stop", "catalog-2").exitCode()).isZero();

    for (String command : List.of("up", "start catalog-2", "restart catalog-3")) {
      CliHarness.Result refused = cli.run(command.split(" ", -1));
      assertThat(refused.exitCode()).as(command).isEqualTo(ExitCode.IN_USE);
      assertThat(refused.err())
          .contains("its catalog has 3 nodes, the settings say 1 node")
          .contains("try: ");
    }
    assertThat(states(cli.run("status", "-o", "json"))).containsEntry("catalog-2", "stopped");
    assertThat(cli.run("start", "catalog-2", "--config", three).exitCode()).isZero();
    assertThat(cli.run("down", "--wipe").exitCode()).isZero();
    assertThat(cli.data).isEmptyDirectory();
  }

  @Test
  @DisplayName("A store with one catalog node cannot get three")
  void singleCatalogCannotBecomeThree() throws IOException {
    assertThat(cli.run("start", "catalog").exitCode()).isZero();
    String three = config("catalog:\n  replicas: 3\n").toString();

    CliHarness.Result refused = cli.run("up", "--config", three);

    assertThat(refused.exitCode()).isEqualTo(ExitCode.IN_USE);
    assertThat(refused.err()).contains("its catalog has 1 node, the settings say 3 nodes");
    assertThat(cli.runs().nodes()).containsExactly("catalog");
  }

  @Test
  @DisplayName("The recorded pid is the pid of the node itself")
  void recordedPidIsThatOfTheJvm() {
    assertThat(cli.run("start", "order-3").exitCode()).isZero();

    assertThat(cli.runs().process("order-3").flatMap(p -> p.info().command()))
        .hasValueSatisfying(command -> assertThat(command).endsWith("java"));
  }

  @Test
  @DisplayName("Single nodes can be stopped, killed, started and restarted")
  void singleNodesCanBeStoppedAndStarted() throws Exception {
    assertThat(cli.run("start", "order-3", "order-1").out())
        .contains("order-1 is ready")
        .contains("missed no orders");

    assertThat(cli.run("stop", "order-1").out()).contains("stopped order-1");
    assertThat(states(cli.run("status", "-o", "json"))).containsEntry("order-1", "stopped");
    assertThat(cli.run("stop", "order-1").out()).contains("not running: order-1");

    kill("order-3");
    CliHarness.Result crashed = cli.run("status", "-o", "json");
    assertThat(states(crashed)).containsEntry("order-3", "crashed");
    assertThat(crashed.json().get("health").asText()).isEqualTo("down");

    assertThat(cli.run("start", "order-3").exitCode()).isZero();
    Map<String, Long> before = pids();
    assertThat(cli.run("restart", "order-3").exitCode()).isZero();
    assertThat(pids()).isNotEqualTo(before);

    assertThat(cli.run("stop", "--kill", "order-3").out()).contains("killed order-3");
    assertThat(states(cli.run("status", "-o", "json"))).containsEntry("order-3", "stopped");
  }

  @Test
  @DisplayName("A node that does not stop in time is reported, and can be killed")
  void nodeThatDoesNotStopCanBeKilled() throws IOException {
    Path config = config("jvm:\n  catalog: -Dfake.stubborn=true\n");
    assertThat(cli.run("start", "catalog", "--config", config.toString()).exitCode()).isZero();

    CliHarness.Result stop = cli.run("stop", "catalog", "--timeout", "0.3");

    assertThat(stop.exitCode()).isEqualTo(ExitCode.TIMED_OUT);
    assertThat(stop.err()).contains("still running").contains("toyctl stop --kill catalog");
    assertThat(cli.run("down", "--wipe", "--timeout", "0.3").exitCode())
        .isEqualTo(ExitCode.TIMED_OUT);
    assertThat(cli.data.resolve("catalog")).exists();
    assertThat(cli.run("stop", "catalog", "--kill").exitCode()).isZero();
  }

  @ParameterizedTest
  @DisplayName("If a node cannot start, up stops the other nodes and prints the reason")
  @CsvSource({"6, 6", "2, 2", "1, 1", "3, 1"})
  void failedStartStopsTheOtherNodes(int itsCode, int expected) throws IOException {
    Path config = config("jvm:\n  catalog: -Dfake.exit=" + itsCode + "\n");

    CliHarness.Result up = cli.run("up", "--config", config.toString());

    assertThat(up.exitCode()).isEqualTo(expected);
    assertThat(up.err())
        .contains("catalog cannot start for a reason")
        .contains(cli.data.resolve("logs").resolve("catalog.log").toAbsolutePath().toString());
    assertThat(cli.runs().nodes()).isEmpty();
    assertThat(cli.run("status").exitCode()).isEqualTo(ExitCode.NOT_RUNNING);
  }

  @Test
  @DisplayName("A store that is not ready in time is left running")
  void storeThatIsNotReadyInTimeKeepsRunning() throws IOException {
    Path config = config("jvm:\n  frontend: -Dfake.starting=true\n");

    CliHarness.Result up = cli.run("up", "--config", config.toString(), "--wait-timeout", "3");

    assertThat(up.exitCode()).isEqualTo(ExitCode.TIMED_OUT);
    assertThat(up.err()).contains("frontend").contains("toyctl status");
    assertThat(cli.runs().nodes()).hasSize(5);
    assertThat(cli.run("down").exitCode()).isZero();
  }

  @Test
  @DisplayName("If a port is in use, up starts nothing")
  void portInUsePreventsTheStart() throws IOException {
    int raft = cli.config().raftPort(cli.config().node("order-2"));
    try (ServerSocket socket = new ServerSocket(raft, 1, InetAddress.getLoopbackAddress())) {
      CliHarness.Result up = cli.run("up");

      assertThat(up.exitCode()).isEqualTo(ExitCode.IN_USE);
      assertThat(up.err()).contains(":" + socket.getLocalPort() + " (order-2)");
    }
    assertThat(cli.runs().nodes()).isEmpty();
    assertThat(cli.data.resolve("cluster.json")).doesNotExist();
  }

  @Test
  @DisplayName("If the product file is invalid, up starts nothing")
  void invalidCatalogPreventsTheStart() throws IOException {
    Path catalog = directory.resolve("toys.csv");
    Files.writeString(catalog, "name,price,quantity\nTux,15.99,100\nTux,1.00,5\n");

    CliHarness.Result up = cli.run("up", "--catalog", catalog.toString());

    assertThat(up.exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(up.err()).contains(catalog + ":3: ").contains("Tux");
    assertThat(cli.data).doesNotExist();
  }

  @Test
  @DisplayName("A data directory that is a file is an error message, not a stack trace")
  void dataDirectoryThatIsAFileIsAnError() throws IOException {
    Files.writeString(cli.data, "");

    CliHarness.Result up = cli.run("up");

    assertThat(up.exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(up.err()).startsWith("toyctl: data directory ").contains("  try: ");
  }

  @Test
  @DisplayName("down --wipe keeps files that the store did not create")
  void wipeKeepsFilesOfOthers() throws IOException {
    assertThat(cli.run("start", "order-3").exitCode()).isZero();
    Path elsewhere = Files.createDirectories(directory.resolve("elsewhere"));
    Path kept = Files.writeString(elsewhere.resolve("kept"), "");
    Path raft = Files.createDirectories(cli.data.resolve("order-3").resolve("raft"));
    Files.createSymbolicLink(raft.resolve("link"), elsewhere);
    Path own = Files.writeString(cli.data.resolve("notes.txt"), "mine");
    Path ownLog = Files.writeString(cli.data.resolve("logs").resolve("mine.log"), "mine");

    assertThat(cli.run("down", "--wipe").exitCode()).isZero();

    assertThat(kept).exists();
    assertThat(own).exists();
    assertThat(ownLog).exists();
    assertThat(cli.data).isDirectoryNotContaining("glob:**{order-3,run,cluster.json}");
    assertThat(cli.data.resolve("logs").resolve("order-3.log")).doesNotExist();
  }

  @Test
  @DisplayName("The data of a node that runs without a run file is not deleted")
  void dataOfARunningNodeIsNotWiped() throws Exception {
    assertThat(cli.run("start", "order-3").exitCode()).isZero();
    RunFile run = cli.runs().read("order-3").orElseThrow();
    cli.runs().delete("order-3");

    CliHarness.Result wipe = cli.run("down", "--wipe");

    assertThat(wipe.exitCode()).isEqualTo(ExitCode.IN_USE);
    assertThat(cli.data.resolve("order-3").resolve("orders.mv.db")).exists();
    cli.runs().write(run);
  }

  private Path config(String text) throws IOException {
    return Files.writeString(directory.resolve("mine.yaml"), text);
  }

  private void kill(String node) throws Exception {
    ProcessHandle process = cli.runs().process(node).orElseThrow();
    assertThat(process.destroyForcibly()).isTrue();
    assertThat(process.onExit().get(Duration.ofSeconds(10).toMillis(), TimeUnit.MILLISECONDS))
        .isNotNull();
  }

  private Map<String, Long> pids() throws IOException {
    return cli.runs().nodes().stream()
        .collect(Collectors.toMap(node -> node, node -> cli.runs().read(node).orElseThrow().pid()));
  }

  private static boolean alive(long pid) {
    return ProcessHandle.of(pid).map(ProcessLiveness::isAlive).orElse(false);
  }

  private static Map<String, String> states(CliHarness.Result status) {
    return StreamSupport.stream(status.json().get("nodes").spliterator(), false)
        .collect(
            Collectors.toMap(
                node -> node.get("node").asText(), node -> node.get("state").asText()));
  }
}
