package toystore.tests.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Checks that the bugs of {@link PlantedBugsTest} can still be planted. That test runs rarely, so
 * without this check a change of the sources would be noticed late.
 */
class PlantedBugSourcesTest {
  @TempDir private Path directory = Path.of("");

  @ParameterizedTest
  @EnumSource
  @DisplayName("Each planted bug can be applied to the present sources, and they compile")
  void changesApplyToTheSourcesAndCompile(PlantedBug bug) throws IOException {
    assertThat(bug.plant(directory)).isNotEmptyDirectory();
  }
}
