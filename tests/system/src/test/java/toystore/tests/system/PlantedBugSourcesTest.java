package toystore.tests.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The mistakes that {@link PlantedBugsTest} plants can still be made. That one runs seldom, and
 * would only then be found to have planted nothing for a while.
 */
class PlantedBugSourcesTest {
  @TempDir private Path directory = Path.of("");

  @ParameterizedTest
  @EnumSource
  void theSourcesStillHaveWhatIsChangedAndCompileWithoutIt(PlantedBug bug) throws IOException {
    assertThat(bug.plant(directory)).isNotEmptyDirectory();
  }
}
