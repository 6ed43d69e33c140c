package toystore.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JvmProfileTest {
  @ParameterizedTest
  @CsvSource({"1, small", "3, small", "4, standard", "64, standard"})
  @DisplayName("The number of cores selects the profile")
  void coresSelectTheProfile(int cores, String name) {
    assertThat(JvmProfile.of(settings(Map.of()), cores).name()).isEqualTo(name);
  }

  @Test
  @DisplayName("The setting jvm.profile overrides the number of cores")
  void settingSelectsTheProfile() {
    assertThat(JvmProfile.of(settings(Map.of("TOYSTORE_JVM_PROFILE", "standard")), 1).name())
        .isEqualTo("standard");
  }

  @Test
  @DisplayName("A profile that does not exist is refused, and the error names those that do")
  void unknownProfileIsRefused() {
    assertThatThrownBy(() -> settings(Map.of("TOYSTORE_JVM_PROFILE", "huge")))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("jvm.profile")
        .hasMessageContaining("auto, small, standard");
  }

  @Test
  @DisplayName("Options of the settings follow those of the profile, so that they win")
  void settingsWin() {
    JvmProfile profile =
        JvmProfile.of(
            settings(
                Map.of("TOYSTORE_JVM_COMMON", "-Xss1m", "TOYSTORE_JVM_ORDER", "-Xmx100m -Da=b")),
            2);

    assertThat(profile.options(Role.ORDER, true))
        .containsSubsequence("-Xss512k", "-Xss1m")
        .containsSubsequence("-Xmx56m", "-Xmx100m", "-Da=b")
        .doesNotContain("-Xmx272m");
    assertThat(profile.options(Role.FRONTEND, true)).contains("-Xmx272m").doesNotContain("-Da=b");
  }

  @Test
  @DisplayName("Options that only Linux knows are left out elsewhere")
  void linuxOptionsAreOnlyForLinux() {
    JvmProfile small = JvmProfile.of(settings(Map.of()), 2);

    assertThat(small.options(Role.CATALOG, true)).contains("-XX:+UseTransparentHugePages");
    assertThat(small.options(Role.CATALOG, false)).doesNotContain("-XX:+UseTransparentHugePages");
  }

  @Test
  @DisplayName("The standard profile leaves the compilers to the JVM")
  void standardProfileTunesNoCompiler() {
    assertThat(JvmProfile.of(settings(Map.of()), 8).options(Role.ORDER, true))
        .containsExactly("-XX:+UseG1GC", "-Xmx512m");
  }

  private static JvmSettings settings(Map<String, String> environment) {
    return StoreConfig.load(null, new Properties(), environment).jvm();
  }
}
