package toystore.toyctl.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import toystore.config.StoreConfig;
import toystore.toyctl.cluster.process.AotCaches;
import toystore.toyctl.cluster.process.Distribution;
import toystore.toyctl.cluster.process.NodeLauncher;

class NodeLauncherTest {
  @TempDir private Path home = Path.of("");

  private final StoreConfig config = new CliHarness(Path.of("unused"), 14_500).config();

  @Test
  void aNodeIsToldItsNameItsDataAndThePortBase() {
    List<String> command = launcher().command(config.node("order-2"), null);

    assertThat(command)
        .containsSubsequence("-Dtoystore.port-base=14500", "-cp", jars(), "order.Main")
        .containsSubsequence("--node", "order-2", "--data", Path.of("data").toAbsolutePath() + "")
        .contains("-XX:+ExitOnOutOfMemoryError")
        .doesNotContain("--catalog", "--config");
  }

  @Test
  void aNodeIsGivenWhatTheSettingsSayOfItsRole() {
    StoreConfig.Jvm jvm = config.jvm();
    assertThat(jvm.order()).isNotEqualTo(jvm.frontend());

    assertThat(String.join(" ", launcher().command(config.node("order-2"), null)))
        .contains(jvm.common() + " ", jvm.order() + " ")
        .doesNotContain(jvm.frontend());
    assertThat(String.join(" ", launcher().command(config.node("frontend"), null)))
        .contains(jvm.common() + " ", jvm.frontend() + " ")
        .doesNotContain(jvm.order());
  }

  @Test
  void optionsThatOnlyLinuxKnowsAreGivenOnLinux() {
    boolean linux = System.getProperty("os.name").equals("Linux");

    assertThat(
            launcher()
                .command(config.node("order-2"), null)
                .contains("-XX:+UseTransparentHugePages"))
        .isEqualTo(linux);
  }

  /** A start-up cache serves only who starts as it was trained. */
  @Test
  void theScriptGivesTheCommandLineTheOptionsThatItsCacheIsTrainedWith() throws IOException {
    String script = Files.readString(Path.of("..", "bin", "toyctl"));
    int begin = script.indexOf("options=(\n") + "options=(\n".length();
    List<String> options =
        script
            .substring(begin, script.indexOf("\n)\n", begin))
            .lines()
            .map(String::strip)
            .filter(line -> !line.startsWith("#"))
            .flatMap(line -> Stream.of(line.split(" ")))
            .filter(option -> !option.startsWith("-Xlog:") && !option.startsWith("-Dtoyctl.home="))
            .toList();

    assertThat(options).isEqualTo(Distribution.JVM);
  }

  @Test
  void loggingIsConfiguredWhereThereIsAConfiguration() throws IOException {
    assertThat(launcher().command(config.node("order-2"), null))
        .noneMatch(word -> word.startsWith("-Djava.util.logging"));

    Path logging = Files.createDirectories(home.resolve("config")).resolve("logging.properties");
    Files.writeString(logging, "");

    assertThat(launcher().command(config.node("order-2"), null))
        .contains("-Djava.util.logging.config.file=" + logging);
  }

  @Test
  void aStartUpCacheIsUsedWhereThereIsOne() throws IOException {
    assertThat(launcher().command(config.node("order-2"), null))
        .noneMatch(word -> word.startsWith("-XX:AOT"));

    Path lib = Files.createDirectories(home.resolve("toyctl/cli/target/dist/lib"));
    Path caches = Files.createDirectories(home.resolve("toyctl/cli/target/dist/aot"));
    Path cache = Files.writeString(caches.resolve("order.aot"), "");
    Files.writeString(caches.resolve("jars"), AotCaches.stamp(lib));

    assertThat(launcher().command(config.node("order-2"), null)).contains("-XX:AOTCache=" + cache);
    assertThat(launcher().command(config.node("catalog"), null))
        .noneMatch(word -> word.startsWith("-XX:AOT"));
  }

  @Test
  void onlyTheCatalogGetsProductsTheShippedOnesUnlessToldOtherwise() throws IOException {
    Path shipped = Files.createDirectories(home.resolve("config")).resolve("catalog.csv");
    Files.writeString(shipped, "name,price,quantity\n");
    Path mine = home.resolve("mine.csv");

    assertThat(launcher().command(config.node("catalog"), null))
        .containsSubsequence("--catalog", shipped.toString());
    assertThat(launcher().command(config.node("catalog"), mine))
        .containsSubsequence("--catalog", mine.toString());
    assertThat(launcher().command(config.node("frontend"), mine)).doesNotContain("--catalog");
  }

  private String jars() {
    return home.resolve("toyctl/cli/target/dist/lib") + "/*";
  }

  private NodeLauncher launcher() {
    Distribution distribution =
        new Distribution(
            home,
            jars(),
            java.util.Map.of(
                toystore.config.Role.CATALOG, "catalog.Main",
                toystore.config.Role.ORDER, "order.Main",
                toystore.config.Role.FRONTEND, "frontend.Main"));
    return new NodeLauncher(distribution, config, null, Path.of("data"));
  }
}
