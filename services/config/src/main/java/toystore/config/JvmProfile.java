package toystore.config;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The options of the Java virtual machines of nodes. A profile file gives the options for a kind of
 * machine; the settings {@code jvm.*} add to them.
 */
public final class JvmProfile {
  private static final String SMALL = "small";
  private static final String STANDARD = "standard";

  /** Machines with fewer cores than this get the profile {@code small}. */
  private static final int STANDARD_CORES = 4;

  private static final Pattern BLANKS = Pattern.compile("\\s+");

  private final String name;
  private final Options options;
  private final JvmSettings added;

  /** The keys of a profile file. */
  record Options(String common, String linux, String catalog, String order, String frontend) {}

  private JvmProfile(String name, Options options, JvmSettings added) {
    this.name = name;
    this.options = options;
    this.added = added;
  }

  /** The profile for the machine that this process runs on. */
  public static JvmProfile ofThisMachine(JvmSettings settings) {
    return of(settings, Runtime.getRuntime().availableProcessors());
  }

  /**
   * The profile for a machine.
   *
   * @param settings the profile's name, or {@code auto}, and the options that are added to it
   * @param cores the number of processors of the machine
   */
  static JvmProfile of(JvmSettings settings, int cores) {
    String name = name(settings, cores);
    return new JvmProfile(name, read(name + ".yaml"), settings);
  }

  /** The name of the profile for the machine that this process runs on. Reads no file. */
  public static String nameForThisMachine(JvmSettings settings) {
    return name(settings, Runtime.getRuntime().availableProcessors());
  }

  private static String name(JvmSettings settings, int cores) {
    return switch (settings.profile()) {
      case JvmSettings.AUTO -> cores < STANDARD_CORES ? SMALL : STANDARD;
      default -> settings.profile();
    };
  }

  private static Options read(String file) {
    try (InputStream in = JvmProfile.class.getResourceAsStream("profiles/" + file)) {
      if (in == null) {
        throw new IllegalStateException("profiles/" + file + " is missing from the distribution");
      }
      return RecordBinder.bind(
          Options.class, YamlFile.read(new InputStreamReader(in, UTF_8), "profiles/" + file));
    } catch (IOException e) {
      throw new IllegalStateException("profiles/" + file + " cannot be read", e);
    }
  }

  /** {@code small} or {@code standard}. */
  public String name() {
    return name;
  }

  /**
   * The options for a node, in the order of a command line. Where two set the same value the later
   * one wins: options of the settings come after those of the profile, and options of a role after
   * common ones.
   *
   * @param onLinux whether the node runs on Linux
   */
  public List<String> options(Role role, boolean onLinux) {
    return Stream.of(
            options.common(),
            onLinux ? options.linux() : "",
            ofRole(role),
            added.common(),
            addedTo(role))
        .flatMap(BLANKS::splitAsStream)
        .filter(option -> !option.isEmpty())
        .toList();
  }

  private String ofRole(Role role) {
    return switch (role) {
      case CATALOG -> options.catalog();
      case ORDER -> options.order();
      case FRONTEND -> options.frontend();
    };
  }

  private String addedTo(Role role) {
    return switch (role) {
      case CATALOG -> added.catalog();
      case ORDER -> added.order();
      case FRONTEND -> added.frontend();
    };
  }
}
