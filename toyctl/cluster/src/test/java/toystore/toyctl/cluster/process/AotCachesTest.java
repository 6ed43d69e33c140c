package toystore.toyctl.cluster.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AotCachesTest {
  private static final Instant BUILT = Instant.parse("2026-01-01T00:00:00Z");

  @TempDir private Path home = Path.of("");
  private Path jar = Path.of("");

  @BeforeEach
  void aDistribution() throws IOException {
    Path lib = Files.createDirectories(home.resolve("toyctl/cli/target/dist/lib"));
    Path aot = Files.createDirectories(home.resolve("toyctl/cli/target/dist/aot"));
    jar = Files.createFile(lib.resolve("store.jar"));
    changed(jar, 0);
    Files.createFile(aot.resolve("order.aot"));
    distribution("").aotCaches().writeStamp(AotCaches.stamp(lib));
  }

  private static void changed(Path file, int secondsAfterBuild) throws IOException {
    Files.setLastModifiedTime(file, FileTime.from(BUILT.plusSeconds(secondsAfterBuild)));
  }

  private Distribution distribution(String before) {
    return new Distribution(
        home, before + home.resolve("toyctl/cli/target/dist/lib") + "/*", Map.of());
  }

  @Test
  @DisplayName("A cache that was made from the present jars is used")
  void cacheMadeFromTheJarsIsUsed() {
    assertThat(distribution("").aotCaches().ifCurrent().options("order")).contains(option());
  }

  @ParameterizedTest
  @DisplayName("A cache is not used if a jar has another modification time")
  @ValueSource(ints = {-1, 1})
  void cacheMadeFromOtherJarsIsNotUsed(int seconds) throws IOException {
    changed(jar, seconds);
    assertThat(distribution("").aotCaches().ifCurrent().options("order")).isEmpty();
  }

  @Test
  @DisplayName("A cache is not used if a jar was added")
  void cacheOlderThanANewJarIsNotUsed() throws IOException {
    changed(Files.createFile(jar.resolveSibling("another.jar")), 0);
    assertThat(distribution("").aotCaches().ifCurrent().options("order")).isEmpty();
  }

  @Test
  @DisplayName("A cache is not used if the stamp of its jars is missing")
  void cacheWithoutStampIsNotUsed() throws IOException {
    Files.delete(home.resolve("toyctl/cli/target/dist/aot/jars"));
    assertThat(distribution("").aotCaches().ifCurrent().options("order")).isEmpty();
  }

  @Test
  @DisplayName("A role without a cache starts without one")
  void missingCacheIsNotUsed() {
    assertThat(distribution("").aotCaches().ifCurrent().options("catalog")).isEmpty();
  }

  @Test
  @DisplayName("A written cache that is empty does not replace the old one")
  void emptyCacheIsNotAdopted() throws IOException {
    Path aot = home.resolve("toyctl/cli/target/dist/aot");
    Path written = Files.writeString(aot.resolve("order.aot.new"), "written");
    distribution("").aotCaches().adopt("order");
    assertThat(aot.resolve("order.aot")).hasContent("written");

    Files.createFile(written);
    assertThatThrownBy(() -> distribution("").aotCaches().adopt("order"))
        .isInstanceOf(IOException.class);
    assertThat(aot.resolve("order.aot")).hasContent("written");
  }

  @Test
  @DisplayName("No cache is used if other classes come before the jars")
  void noCacheIsUsedWithAnotherClassPath() {
    assertThat(distribution("/elsewhere:").aotCaches().ifCurrent().options("order")).isEmpty();
  }

  private String option() {
    return "-XX:AOTCache=" + home.resolve("toyctl/cli/target/dist/aot/order.aot");
  }
}
