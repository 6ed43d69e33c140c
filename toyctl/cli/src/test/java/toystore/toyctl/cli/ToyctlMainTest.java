package toystore.toyctl.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import toystore.toyctl.cluster.ExitCode;

class ToyctlMainTest {
  @TempDir private Path directory = Path.of("");

  @Test
  @DisplayName("Global options are accepted before and after the command")
  void globalOptionsMayComeBeforeAndAfter() {
    String data = directory.resolve("data").toString();
    String base = Integer.toString(CliHarness.freePortBase());

    CliHarness.Result before =
        CliHarness.plain("--data", data, "--port-base", base, "-o", "json", "status");
    CliHarness.Result after =
        CliHarness.plain("status", "--data", data, "--port-base", base, "-o", "json");
    CliHarness.Result mixed =
        CliHarness.plain("--port-base", base, "status", "-o", "json", "--data", data);

    assertThat(before.json().at("/nodes/0/url").asText())
        .isEqualTo("http://127.0.0.1:" + (Integer.parseInt(base) + 1));
    assertThat(after).isEqualTo(before);
    assertThat(mixed).isEqualTo(before);
  }

  @Test
  @DisplayName("Global options are accepted at each level of nested commands")
  void globalOptionsReachNestedCommands() {
    int base = CliHarness.freePortBase();
    String option = Integer.toString(base);

    assertThat(CliHarness.plain("--port-base", option, "product", "list").err())
        .contains(":" + (base + 3));
    assertThat(CliHarness.plain("product", "--port-base", option, "list").err())
        .contains(":" + (base + 3));
    assertThat(CliHarness.plain("product", "list", "--port-base", option).err())
        .contains(":" + (base + 3));
  }

  @ParameterizedTest
  @DisplayName("A usage error has exit code 2, a message and a hint")
  @ValueSource(
      strings = {
        "",
        "bui Tux 1",
        "buy Tux",
        "buy Tux one",
        "buy Tux 1 2",
        "status --prot-base 3",
        "status -o xml",
        "status --timeout 0",
        "status --timeout NaN",
        "up --wait-timeout -1",
        "start",
        "stop",
        "product",
        "load --clients 0",
        "load --duration 3",
        "load --requests 3 --duration 3s",
        "load --buy-probability 1.5",
        "order list --limit 0",
        "order get x",
        "status --port-base 70000"
      })
  void usageErrorHasExitCode2AndAHint(String line) {
    CliHarness.Result result =
        CliHarness.plain(line.isEmpty() ? new String[0] : line.split(" ", -1));

    assertThat(result.exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(result.out()).isEmpty();
    assertThat(result.err()).startsWith("toyctl: ").contains("\n  try: ");
  }

  @Test
  @DisplayName("For a mistyped command the correct one is suggested")
  void mistypedCommandIsSuggested() {
    assertThat(CliHarness.plain("statsu").err()).contains("did you mean").contains("status");
  }

  @Test
  @DisplayName("A key that an HTTP header cannot contain is a usage error")
  void keyThatIsNoHeaderValueIsAUsageError() {
    CliHarness.Result result =
        CliHarness.onFreePorts(directory).run("buy", "Tux", "1", "--key", "a\nb");

    assertThat(result.exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(result.err()).contains("printable ASCII");
  }

  @Test
  @DisplayName("An unknown node is a usage error that names the nodes")
  void unknownNodeIsAUsageError() {
    CliHarness.Result result = CliHarness.onFreePorts(directory).run("stop", "order-9");

    assertThat(result.exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(result.err()).contains("order-9").contains("order-1");
  }

  @Test
  @DisplayName("An unknown setting is a usage error that names its key")
  void unknownSettingIsAUsageError() throws IOException {
    Path config = Files.writeString(directory.resolve("mine.yaml"), "cache:\n  sise: 8\n");

    CliHarness.Result result =
        CliHarness.onFreePorts(directory).run("up", "--config", config.toString());

    assertThat(result.exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(result.err()).contains("cache.sise");
    assertThat(directory.resolve("data")).doesNotExist();
  }

  @ParameterizedTest
  @DisplayName("If nothing is running, commands end at once with exit code 3")
  @ValueSource(
      strings = {
        "product list",
        "product get Tux",
        "order list",
        "order get 0",
        "buy Tux 1",
        "verify",
        "load --duration 1s",
        "status"
      })
  void commandWithoutStoreHasExitCode3(String line) {
    CliHarness.Result result = CliHarness.onFreePorts(directory).run(line.split(" ", -1));

    assertThat(result.exitCode()).isEqualTo(ExitCode.NOT_RUNNING);
  }

  @Test
  @DisplayName("down succeeds if nothing is running")
  void downWithoutStoreSucceeds() {
    CliHarness.Result result = CliHarness.onFreePorts(directory).run("down");

    assertThat(result.exitCode()).isZero();
    assertThat(result.out()).contains("nothing was running");
  }

  @Test
  @DisplayName("With --quiet a successful command prints nothing")
  void quietCommandPrintsNothingOnSuccess() {
    assertThat(CliHarness.onFreePorts(directory).run("down", "-q"))
        .isEqualTo(new CliHarness.Result(ExitCode.OK, "", ""));
  }

  @Test
  @DisplayName("Help and version are printed to the standard output")
  void helpAndVersionAreNoErrors() {
    assertThat(CliHarness.plain("--help").out()).contains("verify").contains("Exit codes");
    assertThat(CliHarness.plain("help", "buy").out()).contains("QUANTITY");
    assertThat(CliHarness.plain("version", "-o", "json").json().get("java").asText())
        .isEqualTo(Runtime.version().toString());
    assertThat(CliHarness.plain("--version").out()).startsWith("toyctl ");
  }
}
