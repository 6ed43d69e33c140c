package toystore.toyctl.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import toystore.toyctl.cluster.ExitCode;

/** What the commands that harm stores refuse before they start anything. */
class FaultCommandsTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          demo crash --times 0         | --times
          demo crash --clients 0       | --clients
          demo crash --target order-9  | leader or one of catalog, order-1
          demo crash --seed x          | --seed
          chaos --clients 0            | --clients
          chaos --frontends 0          | --frontends
          chaos --duration soon        | 30s
          chaos --duration 0s          | --duration
          chaos --only ,kill           | --only
          check --clients 0            | --clients
          check --duration 1           | 30s
          """)
  void whatMakesNoSenseIsAMistakeOfUsage(String command, String words) {
    CliHarness.Result result = CliHarness.plain(command.strip().split(" +"));

    assertThat(result.exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(result.err()).contains(words).contains("try:");
    assertThat(result.out()).isEmpty();
  }
}
