package toystore.toyctl.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import toystore.config.JvmProfile;
import toystore.config.Role;
import toystore.config.StoreConfig;
import toystore.toyctl.cluster.process.AotCaches;
import toystore.toyctl.cluster.process.Distribution;
import toystore.toyctl.cluster.process.NodeLauncher;

class NodeLauncherTest {
  @TempDir private Path home = Path.of("");

  private final StoreConfig config = new CliHarness(Path.of("unused"), 14_500).config();

  @Test
  @DisplayName("The command line of a node contains its name, the data directory and the port base")
  void nodeGetsItsNameDataAndPortBase() {
    List<String> command = launcher().command(config.node("order-2"), null);

    assertThat(command)
        .containsSubsequence("-Dtoystore.port-base=14500", "-cp", jars(), "order.Main")
        .containsSubsequence("--node", "order-2", "--data", Path.of("data").toAbsolutePath() + "")
        .contains("-XX:+ExitOnOutOfMemoryError")
        .doesNotContain("--catalog", "--config");
  }

  @Test
  @DisplayName("A node gets the JVM options of the machine's profile for its role")
  void nodeGetsTheJvmOptionsOfItsRole() {
    boolean linux = System.getProperty("os.name").equals("Linux");
    JvmProfile profile = JvmProfile.ofThisMachine(config.jvm());
    List<String> order = profile.options(Role.ORDER, linux);
    List<String> frontend = profile.options(Role.FRONTEND, linux);
    assertThat(order).isNotEqualTo(frontend);

    assertThat(launcher().command(config.node("order-2"), null))
        .containsSequence(order)
        .doesNotContain(frontend.getLast());
    assertThat(launcher().command(config.node("frontend"), null))
        .containsSequence(frontend)
        .doesNotContain(order.getLast());
  }

  @Test
  @DisplayName("JVM options that only Linux supports are used on Linux only")
  void linuxOptionsAreUsedOnLinuxOnly() {
    boolean linux = System.getProperty("os.name").equals("Linux");
    boolean small = JvmProfile.ofThisMachine(config.jvm()).name().equals("small");

    assertThat(
            launcher()
                .command(config.node("order-2"), null)
                .contains("-XX:+UseTransparentHugePages"))
        .isEqualTo(linux && small);
  }

  // A process can use an AOT cache only with the JVM options of the training.
  @Test
  @DisplayName(
      "bin/toyctl has the JVM options with which the AOT cache of the command line is trained")
  void scriptHasTheJvmOptionsOfTheTraining() throws IOException {
    String script = Files.readString(Path.of("..", "..", "bin", "toyctl"));
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
  @DisplayName("The logging configuration is used if the file exists")
  void loggingFileIsUsedIfItExists() throws IOException {
    assertThat(launcher().command(config.node("order-2"), null))
        .noneMatch(word -> word.startsWith("-Djava.util.logging"));

    Path logging = Files.createDirectories(home.resolve("config")).resolve("logging.properties");
    Files.writeString(logging, "");

    assertThat(launcher().command(config.node("order-2"), null))
        .contains("-Djava.util.logging.config.file=" + logging);
  }

  @Test
  @DisplayName("The AOT cache of a role is used if it exists")
  void aotCacheIsUsedIfItExists() throws IOException {
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
  @DisplayName("Only the catalog gets a product file; by default it is the shipped one")
  void onlyTheCatalogGetsProducts() throws IOException {
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
