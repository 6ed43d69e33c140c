package toystore.toyctl.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import toystore.toyctl.cluster.ExitCode;

/** Options that the commands with faults reject before they start a store. */
class FaultCommandsTest {
  @ParameterizedTest
  @DisplayName("An option with an invalid value is a usage error that names the option")
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
  void invalidOptionIsAUsageError(String command, String words) {
    CliHarness.Result result = CliHarness.plain(command.strip().split(" +"));

    assertThat(result.exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(result.err()).contains(words).contains("try:");
    assertThat(result.out()).isEmpty();
  }
}
