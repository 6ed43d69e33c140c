package toystore.toyctl.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import toystore.toyctl.cluster.ExitCode;
import toystore.toyctl.cluster.datadir.ClusterFile;

class ClusterFileTest {
  @TempDir private Path directory = Path.of("");

  private CliHarness cli = new CliHarness(directory, 1);

  @BeforeEach
  void claimedDirectory() throws IOException {
    cli = CliHarness.onFreePorts(directory);
    Files.createDirectories(cli.data);
    ClusterFile.claim(cli.data, cli.config());
  }

  @ParameterizedTest
  @DisplayName("A data directory whose store uses another port base is rejected")
  @ValueSource(strings = {"up", "down", "status", "start order-1", "stop order-1"})
  void dataOfAnotherPortBaseIsRejected(String line) {
    CliHarness other = new CliHarness(cli.data, CliHarness.freePortBase() + 1);

    CliHarness.Result result = other.run(line.split(" ", -1));

    assertThat(result.exitCode()).isEqualTo(ExitCode.IN_USE);
    assertThat(result.err()).contains("port base " + cli.portBase).contains("\n  try: ");
    assertThat(cli.data.resolve("run")).doesNotExist();
  }

  @Test
  @DisplayName("A data directory of another cluster is rejected")
  void dataOfAnotherClusterIsRejected() throws IOException {
    Path config = Files.writeString(directory.resolve("mine.yaml"), "cluster: other\n");

    CliHarness.Result result = cli.run("up", "--config", config.toString());

    assertThat(result.exitCode()).isEqualTo(ExitCode.IN_USE);
    assertThat(result.err()).contains("'toy-store'").contains("'other'");
  }

  @Test
  @DisplayName("Without --port-base the recorded port base is used")
  void recordedPortBaseIsTheDefault() {
    CliHarness.Result result =
        CliHarness.plain("status", "-o", "json", "--data", cli.data.toString());

    assertThat(result.json().at("/nodes/0/url").asText())
        .isEqualTo("http://127.0.0.1:" + (cli.portBase + 1));
  }

  @Test
  @DisplayName(
      "A file of an early version, without node counts, means one front end and one catalog")
  void fileWithoutNodeCountsCanBeRead() throws IOException {
    Files.writeString(
        ClusterFile.path(cli.data),
        "{\"cluster\":\"toy-store\",\"port_base\":" + cli.portBase + "}");

    assertThat(cli.run("status", "-o", "json").json().get("nodes")).hasSize(5);
    assertThat(ClusterFile.read(cli.data))
        .isEqualTo(new ClusterFile("toy-store", cli.portBase, 1, 1));
  }

  @Test
  @DisplayName("A cluster file that cannot be read is not overwritten")
  void unreadableFileIsNotOverwritten() throws IOException {
    Files.writeString(ClusterFile.path(cli.data), "{}");

    assertThat(cli.run("up").exitCode()).isEqualTo(ExitCode.IN_USE);
    assertThat(ClusterFile.path(cli.data)).hasContent("{}");
  }
}
