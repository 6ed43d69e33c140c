package toystore.toyctl;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import toystore.api.Role;

/**
 * What nodes are started from.
 *
 * @param home the directory with bin/ and config/
 * @param classPath the services' jars
 * @param mains the class that each role starts with
 */
record Distribution(Path home, String classPath, Map<Role, String> mains) {
  /** System property with the home directory. Not below "toystore.": those are settings. */
  static final String HOME = "toyctl.home";

  /** The services, by name only: the command line must not depend on them. */
  private static final Map<Role, String> MAINS =
      Map.of(
          Role.CATALOG, "toystore.catalog.CatalogMain",
          Role.ORDER, "toystore.order.OrderMain",
          Role.FRONTEND, "toystore.frontend.FrontendMain");

  /**
   * JVM options of the command line's own processes, as {@code bin/toyctl} gives them; it says why.
   */
  static final List<String> JVM =
      List.of(
          "-XX:TieredStopAtLevel=1",
          "-XX:Tier0InvokeNotifyFreqLog=11",
          "-XX:+UseSerialGC",
          "-Djdk.reflect.useNativeAccessorOnly=true",
          "-Dpicocli.disable.closures=true");

  Distribution {
    mains = Map.copyOf(mains);
  }

  /** The distribution that {@code bin/toyctl} belongs to. */
  static Distribution installed() {
    String home = System.getProperty(HOME);
    if (home == null) {
      throw new CliException(
          ExitCode.FAILED, "distribution", "system property " + HOME + " is not set", "bin/toyctl");
    }
    Path lib = lib(Path.of(home));
    if (!Files.isDirectory(lib)) {
      throw new CliException(
          ExitCode.FAILED, "distribution", lib + " is missing", "mvn -DskipTests package");
    }
    return new Distribution(Path.of(home), allIn(lib), MAINS);
  }

  private static Path lib(Path home) {
    return home.resolve("toyctl/target/dist/lib");
  }

  private static String allIn(Path lib) {
    return lib + File.separator + "*";
  }

  /** The caches that make its processes start faster; none if other classes come before its own. */
  AotCaches aotCaches() {
    Path lib = lib(home);
    return new AotCaches(
        home.resolve("toyctl/target/dist/aot"),
        lib,
        classPath.equals(allIn(lib)) ? AotCaches.Use.START_FROM : AotCaches.Use.NEITHER);
  }

  Path shippedCatalog() {
    return home.resolve("config").resolve("catalog.csv");
  }

  Path loggingConfig() {
    return home.resolve("config").resolve("logging.properties");
  }
}
