package toystore.toyctl.cluster.process;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import toystore.config.Role;
import toystore.toyctl.cluster.ExitCode;
import toystore.toyctl.cluster.ToyctlException;

/**
 * The files from which nodes are started.
 *
 * @param home the directory that contains bin/ and config/
 * @param classPath the class path of the services
 * @param mains the main class of each role
 */
public record Distribution(Path home, String classPath, Map<Role, String> mains) {
  /** The system property with the home directory. The prefix "toystore." is for settings only. */
  public static final String HOME = "toyctl.home";

  /** The main class of the command line. It is a name, because a library must not import it. */
  static final String TOYCTL_MAIN = "toystore.toyctl.cli.ToyctlMain";

  /** The main classes of the services. They are names, because toyctl must not import services. */
  private static final Map<Role, String> MAINS =
      Map.of(
          Role.CATALOG, "toystore.catalog.CatalogMain",
          Role.ORDER, "toystore.order.OrderMain",
          Role.FRONTEND, "toystore.frontend.FrontendMain");

  /** The JVM options of the command line. {@code bin/toyctl} has the same and explains them. */
  public static final List<String> JVM =
      List.of(
          "-XX:TieredStopAtLevel=1",
          "-XX:Tier0InvokeNotifyFreqLog=11",
          "-XX:+UseSerialGC",
          "-Djdk.reflect.useNativeAccessorOnly=true",
          "-Dpicocli.disable.closures=true");

  public Distribution {
    mains = Map.copyOf(mains);
  }

  /** The distribution to which {@code bin/toyctl} belongs. */
  public static Distribution installed() {
    String home = System.getProperty(HOME);
    if (home == null) {
      throw new ToyctlException(
          ExitCode.FAILED, "distribution", "system property " + HOME + " is not set", "bin/toyctl");
    }
    Path lib = lib(Path.of(home));
    if (!Files.isDirectory(lib)) {
      throw new ToyctlException(
          ExitCode.FAILED, "distribution", lib + " is missing", "mvn -DskipTests package");
    }
    return new Distribution(Path.of(home), allIn(lib), MAINS);
  }

  private static Path lib(Path home) {
    return home.resolve("toyctl/cli/target/dist/lib");
  }

  private static String allIn(Path lib) {
    return lib + File.separator + "*";
  }

  /**
   * The AOT caches of this distribution. They are not used if the class path has been changed,
   * because a cache is valid only for the class path with which it was made.
   */
  public AotCaches aotCaches() {
    Path lib = lib(home);
    return new AotCaches(
        home.resolve("toyctl/cli/target/dist/aot"),
        lib,
        classPath.equals(allIn(lib)) ? AotCaches.Use.START_FROM : AotCaches.Use.NEITHER);
  }

  /** The file with the products of a new catalog. */
  public Path shippedCatalog() {
    return home.resolve("config").resolve("catalog.csv");
  }

  Path loggingConfig() {
    return home.resolve("config").resolve("logging.properties");
  }
}
