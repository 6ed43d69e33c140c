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
 * What nodes are started from.
 *
 * @param home the directory with bin/ and config/
 * @param classPath the services' jars
 * @param mains the class that each role starts with
 */
public record Distribution(Path home, String classPath, Map<Role, String> mains) {
  /** System property with the home directory. Not below "toystore.": those are settings. */
  public static final String HOME = "toyctl.home";

  /** The command line, by name only: a library must not depend on it. */
  static final String TOYCTL_MAIN = "toystore.toyctl.cli.ToyctlMain";

  /** The services, by name only: the command line must not depend on them. */
  private static final Map<Role, String> MAINS =
      Map.of(
          Role.CATALOG, "toystore.catalog.CatalogMain",
          Role.ORDER, "toystore.order.OrderMain",
          Role.FRONTEND, "toystore.frontend.FrontendMain");

  /**
   * JVM options of the command line's own processes, as {@code bin/toyctl} gives them; it says why.
   */
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

  /** The distribution that {@code bin/toyctl} belongs to. */
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

  /** The caches that make its processes start faster; none if other classes come before its own. */
  public AotCaches aotCaches() {
    Path lib = lib(home);
    return new AotCaches(
        home.resolve("toyctl/cli/target/dist/aot"),
        lib,
        classPath.equals(allIn(lib)) ? AotCaches.Use.START_FROM : AotCaches.Use.NEITHER);
  }

  public Path shippedCatalog() {
    return home.resolve("config").resolve("catalog.csv");
  }

  Path loggingConfig() {
    return home.resolve("config").resolve("logging.properties");
  }
}
