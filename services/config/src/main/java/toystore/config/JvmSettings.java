package toystore.config;

import static toystore.config.ConfigException.require;

import java.util.List;

/**
 * The section {@code jvm}: options of the Java virtual machines that toyctl starts.
 *
 * @param profile the name of a {@link JvmProfile}, or "auto"
 */
public record JvmSettings(
    String profile, String common, String catalog, String order, String frontend) {
  /** The number of cores selects the profile. */
  static final String AUTO = "auto";

  private static final List<String> PROFILES = List.of(AUTO, "small", "standard");

  public JvmSettings {
    require(
        PROFILES.contains(profile),
        "jvm.profile: '" + profile + "' is not one of " + String.join(", ", PROFILES));
  }
}
