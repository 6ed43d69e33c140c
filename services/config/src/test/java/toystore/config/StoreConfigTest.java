package toystore.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.DisplayName;
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
  @DisplayName("The shipped file gives the nodes their reference ports")
  void shippedFileGivesTheReferencePorts() {
    StoreConfig config = shipped();

    assertThat(config.httpPort(config.node("catalog"))).isEqualTo(12501);
    assertThat(config.nodes(Role.ORDER))
        .extracting(Topology.Node::name)
        .containsExactly("order-3", "order-2", "order-1");
    assertThat(config.raftPort(config.node("order-3"))).isEqualTo(12605);
    assertThat(config.observeUrl(config.node("frontend"))).isEqualTo("http://127.0.0.1:12703");
  }

  @Test
  @DisplayName("A settings file contains only the keys that differ from the shipped file")
  void fileContainsOnlyKeysThatDiffer() throws IOException {
    StoreConfig config = load(file("cache:\n  size: 3\n"));

    assertThat(config.cache().size()).isEqualTo(3);
    assertThat(config.cache().lease()).isEqualTo(shipped().cache().lease());
  }

  @Test
  @DisplayName("A system property overrides the environment, which overrides the file")
  void propertyOverridesEnvironmentOverridesFile() throws IOException {
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
  @DisplayName("An environment variable sets a key that contains hyphens")
  void environmentSetsKeysWithHyphens() {
    StoreConfig config =
        StoreConfig.load(
            null,
            NO_PROPERTIES,
            Map.of("TOYSTORE_PORT_BASE", "14000", "TOYSTORE_HTTP_MAX_BODY_BYTES", "2048"));

    assertThat(config.portBase()).isEqualTo(14000);
    assertThat(config.http().maxBodyBytes()).isEqualTo(2048);
  }

  @ParameterizedTest
  @DisplayName("The error for an unknown key names the file and the key")
  @CsvSource({
    "'colour: red', colour",
    "'cache: {colour: red}', cache.colour",
    "'raft: {election-timeout: 1s}', raft.election-timeout"
  })
  void unknownKeyInFileIsNamed(String yaml, String key) throws IOException {
    Path file = file(yaml);

    assertThatThrownBy(() -> load(file))
        .isInstanceOf(ConfigException.class)
        .hasMessage(file + ": unknown key '" + key + "'");
  }

  @Test
  @DisplayName("The error for an unknown key of a node names the key")
  void unknownKeyOfNodeIsNamed() throws IOException {
    Path file =
        file("nodes:\n  - {name: a, role: order, id: 1, host: h, port-offset: 1, colour: red}\n");

    assertThatThrownBy(() -> load(file))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("'colour'");
  }

  @ParameterizedTest
  @DisplayName("The error for an unknown system property names the property")
  @ValueSource(
      strings = {"toystore.colour", "toystore.cache.colour", "toystore.cache", "toystore.nodes"})
  void unknownPropertyIsNamed(String name) {
    assertThatThrownBy(() -> StoreConfig.load(null, property(name, "red"), Map.of()))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("system property " + name);
  }

  @ParameterizedTest
  @DisplayName("The error for an unknown environment variable names the variable")
  @ValueSource(strings = {"TOYSTORE_COLOUR", "TOYSTORE_CACHE", "TOYSTORE_CACHE_COLOUR"})
  void unknownEnvironmentVariableIsNamed(String name) {
    assertThatThrownBy(() -> StoreConfig.load(null, NO_PROPERTIES, Map.of(name, "red")))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("environment variable " + name);
  }

  @ParameterizedTest
  @DisplayName("Durations are parsed with all their units")
  @CsvSource({
    "100ms, PT0.1S",
    "10s, PT10S",
    "5m, PT5M",
    "12h, PT12H",
    "1d, PT24H",
  })
  void durationsAreParsed(String text, Duration duration) {
    StoreConfig config =
        StoreConfig.load(null, property("toystore.catalog.restock-interval", text), Map.of());

    assertThat(config.catalog().restockInterval()).isEqualTo(duration);
  }

  @ParameterizedTest
  @DisplayName("The error for an invalid duration names the key and the text")
  @ValueSource(strings = {"", "10", "1.5s", "-1s", "10 s", "1w", "PT10S", "99999999999s"})
  void invalidDurationNamesItsKey(String text) {
    assertThatThrownBy(
            () ->
                StoreConfig.load(
                    null, property("toystore.catalog.restock-interval", text), Map.of()))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith("catalog.restock-interval: '" + text + "' is not a duration")
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
    "toystore.batch.max-queued, 1, batch.max-queued must be at least batch.max-size",
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
  @DisplayName("The error for an invalid value names its key")
  void invalidValueNamesItsKey(String name, String value, String key) {
    assertThatThrownBy(() -> StoreConfig.load(null, property(name, value), Map.of()))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(key);
  }

  @ParameterizedTest
  @CsvSource({
    "'cache: {size: 8.7}', cache.size",
    "'cache: {size: }', cache.size",
    "'cache: 3', cache",
    "'cache: {enabled: false, serve-stale: true}', cache.serve-stale requires cache.enabled",
    "'nodes: []', there is no catalog node",
    "'- a\n- b', 'mine.yaml: must consist of keys and values'",
    "'# nothing\n', 'mine.yaml: must consist of keys and values'",
    "'cache: {size: 3', 'mine.yaml: line 1: '",
    "'cache:\n  size: 3\n lease: 3s\n', 'mine.yaml: line 3: '",
    "'cache:\n\tsize: 3\n', 'mine.yaml: line 2: '",
    "'cluster: a\ncluster: b', 'mine.yaml: line 2: the key ''cluster'' is given more than once'",
    "'cluster: a\n---\ncluster: b', mine.yaml",
    "'nodes: &n [*n]', nested too deeply",
    "'? [a]\n: b', a key must be a single word",
    "'cache: {size: 010}', 'cache.size: ''010'' is not a whole number'",
    "'cluster: {a: b}', 'cluster: must be a single value'",
    "'nodes: 5', 'nodes: must be a list'",
    "'nodes: [5]', 'nodes[0]'' must have keys'",
  })
  @DisplayName("The error for an invalid file describes the problem")
  void invalidFileErrorDescribesProblem(String yaml, String named) throws IOException {
    Path file = file(yaml);

    assertThatThrownBy(() -> load(file))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(named);
  }

  @Test
  @DisplayName("A file that is not UTF-8 is rejected")
  void fileThatIsNotUtf8IsRejected() throws IOException {
    Path file = Files.write(directory.resolve("latin.yaml"), new byte[] {'#', (byte) 0xfc, '\n'});

    assertThatThrownBy(() -> load(file))
        .isInstanceOf(ConfigException.class)
        .hasMessage(file + ": is not UTF-8 text");
  }

  @ParameterizedTest
  @DisplayName("Booleans are accepted in all YAML forms")
  @CsvSource({"true, true", "off, false", "Yes, true", "FALSE, false"})
  void booleansHaveYamlForms(String text, boolean value) throws IOException {
    assertThat(load(file("cache: {enabled: " + text + "}")).cache().enabled()).isEqualTo(value);
  }

  @ParameterizedTest
  @DisplayName("Numbers are accepted in YAML forms")
  @CsvSource({"65_536, 65536", "0x10000, 65536", "'\"2048\"', 2048", "+2048, 2048"})
  void numbersHaveYamlForms(String text, int value) throws IOException {
    assertThat(load(file("http: {max-body-bytes: " + text + "}")).http().maxBodyBytes())
        .isEqualTo(value);
  }

  @Test
  @DisplayName("The error for a missing file names the file")
  void missingFileIsNamed() {
    Path file = directory.resolve("none.yaml");

    assertThatThrownBy(() -> load(file))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("none.yaml");
  }

  @ParameterizedTest
  @DisplayName("An invalid node, or one that duplicates another, is rejected")
  @CsvSource({
    "'{name: x, role: order, id: 9, host: 127.0.0.1, port-offset: 1}', port-offset 1 on 127.0.0.1"
        + " is used twice",
    "'{name: x, role: order, id: 1, host: 127.0.0.1, port-offset: 9}', id 1 is used twice",
    "'{name: catalog, role: order, id: 9, host: 127.0.0.1, port-offset: 9}', the name"
        + " catalog is used twice",
    "'{name: x, role: order, id: 9, host: 127.0.0.1, port-offset: 100}', the port-offset of x must"
        + " be from 0 to 99",
    "'{name: x, role: order, id: 0, host: 127.0.0.1, port-offset: 9}', the id of x must be at least"
        + " 1",
    "'{name: ../x, role: order, id: 9, host: 127.0.0.1, port-offset: 9}', is not a valid node name",
    "'{name: x, role: king, id: 9, host: 127.0.0.1, port-offset: 9}', nodes",
  })
  void invalidOrDuplicateNodeIsRejected(String node, String message) throws IOException {
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
  @DisplayName("Nodes on different hosts may use the same port")
  void samePortOnOtherHostIsAllowed() throws IOException {
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
  @DisplayName("The error for an unknown node lists the existing nodes")
  void unknownNodeErrorListsNodes() {
    assertThatThrownBy(() -> shipped().node("order-9"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("'order-9'")
        .hasMessageContaining("order-1");
  }

  @Test
  @DisplayName("Missing front ends are added on the host of the first one")
  void missingFrontEndsAreAddedOnHostOfFirst() throws IOException {
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
        .extracting(Topology.Node::name)
        .containsExactly("frontend-3", "frontend-2", "frontend");
    assertThat(config.url(config.node("frontend-2"))).isEqualTo("http://b.example:12512");
    assertThat(config.url(config.node("frontend-3"))).isEqualTo("http://b.example:12513");
    assertThat(config.nodes(Role.CATALOG)).hasSize(1);
  }

  @Test
  @DisplayName("The nodes of three catalog replicas and 16 front ends have distinct ports")
  void addedNodesHaveDistinctPorts() {
    StoreConfig config =
        StoreConfig.load(
            null, property("toystore.catalog.replicas", "3"), Map.of("TOYSTORE_FRONTENDS", "16"));

    assertThat(config.nodes(Role.CATALOG))
        .extracting(Topology.Node::name)
        .containsExactly("catalog-3", "catalog-2", "catalog");
    assertThat(config.raftPort(config.node("catalog-3"))).isEqualTo(12608);
    assertThat(config.httpPort(config.node("frontend-16"))).isEqualTo(12526);
    assertThat(config.nodes()).extracting(config::httpPort).doesNotHaveDuplicates();
  }

  @Test
  @DisplayName("Listed nodes count towards the number, and may exceed it")
  void listedNodesCountTowardsNumber() throws IOException {
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
        .extracting(Topology.Node::name)
        .containsExactly("frontend-3", "web-2", "web-1");
  }

  @Test
  @DisplayName("Nodes can be added to settings that are already loaded")
  void nodesCanBeAddedAfterLoading() {
    StoreConfig config = shipped().withFrontends(2).withCatalogReplicas(3).withPortBase(13_000);

    assertThat(config.nodes()).extracting(Topology.Node::name).contains("frontend-2", "catalog-3");
    assertThat(config.withFrontends(1).nodes(Role.FRONTEND)).hasSize(2);
  }

  @Test
  @DisplayName("The error for a listed node on the port of an added node names both")
  void listedNodeOnPortOfAddedNodeIsNamed() throws IOException {
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
        .hasMessageContaining("port-offset 12 on h is used twice")
        .hasMessageContaining("frontend-2");
  }
}
