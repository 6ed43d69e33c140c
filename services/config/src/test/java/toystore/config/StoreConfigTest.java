package toystore.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StoreConfigTest {
  private static final Properties NO_PROPERTIES = new Properties();

  @TempDir private Path directory = Path.of("");

  private Path file(String yaml) throws IOException {
    return Files.writeString(directory.resolve("mine.yaml"), yaml);
  }

  private static StoreConfig load(Path file) {
    return StoreConfig.load(file, NO_PROPERTIES, Map.of());
  }

  private static StoreConfig shipped() {
    return StoreConfig.load(null, NO_PROPERTIES, Map.of());
  }

  private static Properties property(String name, String value) {
    Properties properties = new Properties();
    properties.setProperty(name, value);
    return properties;
  }

  @Test
  void theShippedFileReproducesTheReferencePorts() {
    StoreConfig config = shipped();

    assertThat(config.httpPort(config.node("catalog"))).isEqualTo(12501);
    assertThat(config.nodes(Role.ORDER))
        .extracting(StoreConfig.Node::name)
        .containsExactly("order-3", "order-2", "order-1");
    assertThat(config.raftPort(config.node("order-3"))).isEqualTo(12605);
    assertThat(config.observeUrl(config.node("frontend"))).isEqualTo("http://127.0.0.1:12703");
  }

  @Test
  void aFileNeedsOnlyTheKeysThatDiffer() throws IOException {
    StoreConfig config = load(file("cache:\n  size: 3\n"));

    assertThat(config.cache().size()).isEqualTo(3);
    assertThat(config.cache().lease()).isEqualTo(shipped().cache().lease());
  }

  @Test
  void aPropertyWinsOverTheEnvironmentAndThatOverTheFile() throws IOException {
    Path file = file("cache: {size: 3, lease: 3s}\nport-base: 13000\n");

    StoreConfig config =
        StoreConfig.load(
            file,
            property("toystore.cache.size", "5"),
            Map.of("TOYSTORE_CACHE_SIZE", "4", "TOYSTORE_CACHE_LEASE", "4s", "HOME", "/"));

    assertThat(config.cache().size()).isEqualTo(5);
    assertThat(config.cache().lease()).isEqualTo(Duration.ofSeconds(4));
    assertThat(config.portBase()).isEqualTo(13000);
  }

  @Test
  void keysWithHyphensCanBeSetByTheEnvironment() {
    StoreConfig config =
        StoreConfig.load(
            null,
            NO_PROPERTIES,
            Map.of("TOYSTORE_PORT_BASE", "14000", "TOYSTORE_HTTP_MAX_BODY_BYTES", "2048"));

    assertThat(config.portBase()).isEqualTo(14000);
    assertThat(config.http().maxBodyBytes()).isEqualTo(2048);
  }

  @ParameterizedTest
  @CsvSource({
    "'colour: red', colour",
    "'cache: {colour: red}', cache.colour",
    "'raft: {election-timeout: 1s}', raft.election-timeout"
  })
  void anUnknownKeyOfAFileIsNamed(String yaml, String key) throws IOException {
    Path file = file(yaml);

    assertThatThrownBy(() -> load(file))
        .isInstanceOf(ConfigException.class)
        .hasMessage(file + ": unknown key '" + key + "'");
  }

  @Test
  void anUnknownKeyOfANodeIsNamed() throws IOException {
    Path file =
        file("nodes:\n  - {name: a, role: order, id: 1, host: h, port-offset: 1, colour: red}\n");

    assertThatThrownBy(() -> load(file))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("'colour'");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"toystore.colour", "toystore.cache.colour", "toystore.cache", "toystore.nodes"})
  void anUnknownPropertyIsNamed(String name) {
    assertThatThrownBy(() -> StoreConfig.load(null, property(name, "red"), Map.of()))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("system property " + name);
  }

  @ParameterizedTest
  @ValueSource(strings = {"TOYSTORE_COLOUR", "TOYSTORE_CACHE", "TOYSTORE_CACHE_COLOUR"})
  void anUnknownEnvironmentVariableIsNamed(String name) {
    assertThatThrownBy(() -> StoreConfig.load(null, NO_PROPERTIES, Map.of(name, "red")))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("environment variable " + name);
  }

  @ParameterizedTest
  @CsvSource({
    "100ms, PT0.1S",
    "10s, PT10S",
    "5m, PT5M",
    "12h, PT12H",
    "1d, PT24H",
  })
  void durationsAreWrittenAsPeopleDo(String text, Duration duration) {
    StoreConfig config =
        StoreConfig.load(null, property("toystore.catalog.restock-interval", text), Map.of());

    assertThat(config.catalog().restockInterval()).isEqualTo(duration);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "10", "1.5s", "-1s", "10 s", "1w", "PT10S", "99999999999s"})
  void whatIsNoDurationIsAnErrorThatNamesItsKey(String text) {
    assertThatThrownBy(
            () ->
                StoreConfig.load(
                    null, property("toystore.catalog.restock-interval", text), Map.of()))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith("catalog.restock-interval: not a duration")
        .hasMessageContaining("'" + text + "'");
  }

  @ParameterizedTest
  @CsvSource({
    "toystore.cache.size, 0, cache.size",
    "toystore.cache.size, many, cache.size",
    "toystore.cache.size, 1.5, cache.size",
    "toystore.cache.size, 99999999999, cache.size",
    "toystore.cache.enabled, maybe, cache.enabled",
    "toystore.cache.lease, 10ms, cache.lease",
    "toystore.cache.drift-allowance, 2s, cache.drift-allowance",
    "toystore.port-base, 0, port-base",
    "toystore.port-base, 65001, port-base",
    "toystore.cluster, 'a b', cluster",
    "toystore.batch.max-queued, 1, batch",
    "toystore.batch.max-size, 2001, batch.max-size must be at most 2000",
    "toystore.raft.step-down-after, 0s, raft.step-down-after",
    "toystore.raft.election-timeout-max, 50ms, election-timeout",
    "toystore.catalog.retention, 1s, catalog.retention",
    "toystore.catalog.replicas, 0, catalog.replicas",
    "toystore.catalog.replicas, 2, catalog.replicas must be 1 or 3",
    "toystore.catalog.replicas, 5, catalog.replicas",
    "toystore.frontends, 0, frontends must be from 1 to 16",
    "toystore.frontends, 17, frontends must be from 1 to 16",
  })
  void aWrongValueIsAnErrorThatNamesItsKey(String name, String value, String key) {
    assertThatThrownBy(() -> StoreConfig.load(null, property(name, value), Map.of()))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(key);
  }

  @ParameterizedTest
  @CsvSource({
    "'cache: {size: 8.7}', cache.size",
    "'cache: {size: }', cache.size",
    "'cache: 3', cache",
    "'cache: {enabled: false, serve-stale: true}', cache.serve-stale needs cache.enabled",
    "'nodes: []', there is no catalog node",
    "'- a\n- b', 'mine.yaml: not a list of keys and values'",
    "'# nothing\n', 'mine.yaml: not a list of keys and values'",
    "'cache: {size: 3', 'mine.yaml: line 1: '",
    "'cache:\n  size: 3\n lease: 3s\n', 'mine.yaml: line 3: '",
    "'cache:\n\tsize: 3\n', 'mine.yaml: line 2: '",
    "'cluster: a\ncluster: b', 'mine.yaml: line 2: the key ''cluster'' is given more than once'",
    "'cluster: a\n---\ncluster: b', mine.yaml",
    "'nodes: &n [*n]', nested too deeply",
    "'? [a]\n: b', a key must be a word",
    "'cache: {size: 010}', 'cache.size: not a whole number'",
    "'cluster: {a: b}', 'cluster: a single value is needed'",
    "'nodes: 5', 'nodes: a list is needed'",
    "'nodes: [5]', 'nodes[0]'' must have keys'",
  })
  void aBrokenFileIsAnErrorThatSaysWhat(String yaml, String named) throws IOException {
    Path file = file(yaml);

    assertThatThrownBy(() -> load(file))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(named);
  }

  @Test
  void textThatIsNotUtf8IsAnError() throws IOException {
    Path file = Files.write(directory.resolve("latin.yaml"), new byte[] {'#', (byte) 0xfc, '\n'});

    assertThatThrownBy(() -> load(file))
        .isInstanceOf(ConfigException.class)
        .hasMessage(file + ": not a text in UTF-8");
  }

  @ParameterizedTest
  @CsvSource({"true, true", "off, false", "Yes, true", "FALSE, false"})
  void truthIsWrittenAsInYaml(String text, boolean value) throws IOException {
    assertThat(load(file("cache: {enabled: " + text + "}")).cache().enabled()).isEqualTo(value);
  }

  @ParameterizedTest
  @CsvSource({"65_536, 65536", "0x10000, 65536", "'\"2048\"', 2048", "+2048, 2048"})
  void numbersAreWrittenAsInYaml(String text, int value) throws IOException {
    assertThat(load(file("http: {max-body-bytes: " + text + "}")).http().maxBodyBytes())
        .isEqualTo(value);
  }

  @Test
  void aMissingFileIsNamed() {
    Path file = directory.resolve("none.yaml");

    assertThatThrownBy(() -> load(file))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("none.yaml");
  }

  @ParameterizedTest
  @CsvSource({
    "'{name: x, role: order, id: 9, host: 127.0.0.1, port-offset: 1}', port-offset 1 is taken",
    "'{name: x, role: order, id: 1, host: 127.0.0.1, port-offset: 9}', id 1 is taken twice",
    "'{name: catalog, role: order, id: 9, host: 127.0.0.1, port-offset: 9}', catalog is there"
        + " twice",
    "'{name: x, role: order, id: 9, host: 127.0.0.1, port-offset: 100}', port-offset of x",
    "'{name: x, role: order, id: 0, host: 127.0.0.1, port-offset: 9}', id of x",
    "'{name: ../x, role: order, id: 9, host: 127.0.0.1, port-offset: 9}', not a node name",
    "'{name: x, role: king, id: 9, host: 127.0.0.1, port-offset: 9}', nodes",
  })
  void nodesMustDiffer(String node, String message) throws IOException {
    Path file =
        file(
            """
            nodes:
              - {name: catalog, role: catalog, id: 1, host: 127.0.0.1, port-offset: 1}
              - {name: order-1, role: order, id: 1, host: 127.0.0.1, port-offset: 2}
              - {name: front, role: frontend, id: 1, host: 127.0.0.1, port-offset: 3}
              - %s
            """
                .formatted(node));

    assertThatThrownBy(() -> load(file))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(message);
  }

  @Test
  void theSamePortOnAnotherHostIsFine() throws IOException {
    Path file =
        file(
            """
            nodes:
              - {name: catalog, role: catalog, id: 1, host: a.example, port-offset: 1}
              - {name: order-1, role: order, id: 1, host: b.example, port-offset: 1}
              - {name: front, role: frontend, id: 1, host: c.example, port-offset: 1}
            """);

    assertThat(load(file).nodes()).hasSize(3);
  }

  @Test
  void anUnknownNodeIsAnErrorThatListsTheNodes() {
    assertThatThrownBy(() -> shipped().node("order-9"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("'order-9'")
        .hasMessageContaining("order-1");
  }

  @Test
  void missingFrontEndsAreAddedOnTheHostOfTheFirstOne() throws IOException {
    StoreConfig config =
        load(
            file(
                """
                frontends: 3
                nodes:
                  - {name: catalog, role: catalog, id: 1, host: a.example, port-offset: 1}
                  - {name: order-1, role: order, id: 1, host: a.example, port-offset: 2}
                  - {name: frontend, role: frontend, id: 1, host: b.example, port-offset: 3}
                """));

    assertThat(config.nodes(Role.FRONTEND))
        .extracting(StoreConfig.Node::name)
        .containsExactly("frontend-3", "frontend-2", "frontend");
    assertThat(config.url(config.node("frontend-2"))).isEqualTo("http://b.example:12512");
    assertThat(config.url(config.node("frontend-3"))).isEqualTo("http://b.example:12513");
    assertThat(config.nodes(Role.CATALOG)).hasSize(1);
  }

  @Test
  void aCatalogOfThreeHasPortsThatNobodyElseHas() {
    StoreConfig config =
        StoreConfig.load(
            null, property("toystore.catalog.replicas", "3"), Map.of("TOYSTORE_FRONTENDS", "16"));

    assertThat(config.nodes(Role.CATALOG))
        .extracting(StoreConfig.Node::name)
        .containsExactly("catalog-3", "catalog-2", "catalog");
    assertThat(config.raftPort(config.node("catalog-3"))).isEqualTo(12608);
    assertThat(config.httpPort(config.node("frontend-16"))).isEqualTo(12526);
    assertThat(config.nodes()).extracting(config::httpPort).doesNotHaveDuplicates();
  }

  @Test
  void nodesThatAreListedCountAndMoreOfThemAreFine() throws IOException {
    String listed =
        """
        nodes:
          - {name: catalog, role: catalog, id: 1, host: h, port-offset: 1}
          - {name: order-1, role: order, id: 1, host: h, port-offset: 2}
          - {name: web-1, role: frontend, id: 1, host: h, port-offset: 3}
          - {name: web-2, role: frontend, id: 2, host: i, port-offset: 3}
        """;

    assertThat(load(file(listed)).nodes(Role.FRONTEND)).hasSize(2);
    assertThat(load(file(listed + "frontends: 3\n")).nodes(Role.FRONTEND))
        .extracting(StoreConfig.Node::name)
        .containsExactly("frontend-3", "web-2", "web-1");
  }

  @Test
  void aStoreCanBeGivenMoreNodesThanItsFileAsksFor() {
    StoreConfig config = shipped().withFrontends(2).withCatalogReplicas(3).withPortBase(13_000);

    assertThat(config.nodes())
        .extracting(StoreConfig.Node::name)
        .contains("frontend-2", "catalog-3");
    assertThat(config.withFrontends(1).nodes(Role.FRONTEND)).hasSize(2);
  }

  @Test
  void aListedNodeOnThePortOfAnAddedOneIsNamed() throws IOException {
    Path file =
        file(
            """
            frontends: 2
            nodes:
              - {name: catalog, role: catalog, id: 1, host: h, port-offset: 12}
              - {name: order-1, role: order, id: 1, host: h, port-offset: 2}
              - {name: frontend, role: frontend, id: 1, host: h, port-offset: 3}
            """);

    assertThatThrownBy(() -> load(file))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("port-offset 12 is taken twice")
        .hasMessageContaining("frontend-2");
  }
}
