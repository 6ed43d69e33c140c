package toystore.toyctl.chaos;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import toystore.protocol.codec.Json;
import toystore.toyctl.chaos.check.AcknowledgedOrders;
import toystore.toyctl.chaos.check.LatencySummary;

class ReportPageTest {
  @TempDir private Path temp = Path.of("");

  private static CrashDemoReport report(
      long errors, AcknowledgedOrders.Result ledger, boolean equal) {
    LatencySummary summary = new LatencySummary(2, 400, 600, 800, 900);
    return new CrashDemoReport(
        7,
        "leader",
        8,
        12.5,
        List.of(
            new CrashDemoReport.Crash(
                1, "order-3", 2000, -5.2, 400.4, "order-2", 450.0, 460.0, 2500.0, 455.2, 480.0,
                90.0)),
        100,
        50,
        summary,
        summary,
        summary,
        summary,
        errors,
        0,
        List.of(10, 0, 20),
        new PromiseReport(ledger, equal, true, equal ? List.of() : List.of("<order 3> is lost"), 0),
        List.of(new FaultTimeline.Event(2000, "order-3 is killed")));
  }

  private static final AcknowledgedOrders.Result CLEAN =
      new AcknowledgedOrders.Result(100, 100, 0, 0, 0, 0);

  @Test
  @DisplayName("The report of a run without violations answers both questions with figures")
  void cleanRunAnswersBothQuestions() {
    CrashDemoReport clean = report(0, CLEAN, true);

    assertThat(clean.holds()).isTrue();
    assertThat(clean.conclusions().getFirst())
        .startsWith("Can clients notice the failures, in purchases or in the final check? No:")
        .contains("no request failed", "900 ms", "of 100 acknowledged orders 100 were found");
    assertThat(clean.conclusions().getLast())
        .startsWith("Do all replicas end with the same database? Yes:");
    assertThat(clean.text()).endsWith(String.join("\n", clean.conclusions()));
  }

  @Test
  @DisplayName("The report of a run with violations answers the questions accordingly")
  void violationsChangeTheAnswers() {
    CrashDemoReport bad = report(3, new AcknowledgedOrders.Result(100, 99, 1, 0, 0, 0), false);

    assertThat(bad.holds()).isFalse();
    assertThat(bad.conclusions().getFirst()).contains("? Yes: 3 requests failed", "1 were lost");
    assertThat(bad.conclusions().getLast()).contains("? No:");
  }

  @Test
  @DisplayName("The page refers to no other file, and all text in it is escaped")
  void pageIsSelfContainedAndEscaped() throws IOException {
    CrashDemoReport bad = report(0, CLEAN, false);
    Path file = temp.resolve("reports").resolve("crash.html");

    ReportPage.write(file, bad, bad.page());

    String page = Files.readString(file, UTF_8);
    assertThat(page)
        .doesNotContain("http://", "https://", "src=", "<order 3>")
        .contains("&lt;order 3&gt; is lost", "order-3 is killed", "A promise was broken.")
        .contains("166.7,80.0 500.0,160.0 833.3,0.0", "<td class=n>455</td>");
    JsonNode json = Json.mapper().readTree(Files.readAllBytes(temp.resolve("reports/crash.json")));
    assertThat(json.get("seed").asLong()).isEqualTo(7);
    assertThat(json.at("/crashes/0/gap").asDouble()).isEqualTo(455.2);
    assertThat(json.at("/proof/ledger/lost").asLong()).isZero();
  }
}
