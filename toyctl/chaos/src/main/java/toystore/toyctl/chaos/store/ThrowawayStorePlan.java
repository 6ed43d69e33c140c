package toystore.toyctl.chaos.store;

import java.io.File;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import toystore.toyctl.cluster.process.Distribution;

/**
 * Describes a {@link ThrowawayStore}.
 *
 * @param configFile the user's settings file, or null for the shipped settings
 * @param settings values by dotted key; they override the settings file
 * @param frontEnds the number of front ends, from 1 to 9
 * @param catalog the initial products as CSV text
 * @param seed the seed for jitter and packet loss in the network
 * @param networkFaults whether all connections between nodes pass through proxies
 * @param diskFaults whether writes and syncs can be made to fail, if the machine has a C compiler
 * @param loopDisks whether each node with data gets a small file system of its own, if the machine
 *     allows it
 * @param overridingClasses directories whose classes take precedence over the distribution's
 */
public record ThrowawayStorePlan(
    @Nullable Path configFile,
    Map<String, String> settings,
    int frontEnds,
    String catalog,
    long seed,
    boolean networkFaults,
    boolean diskFaults,
    boolean loopDisks,
    List<Path> overridingClasses) {
  public ThrowawayStorePlan {
    settings = Map.copyOf(settings);
    overridingClasses = List.copyOf(overridingClasses);
    if (frontEnds < 1 || frontEnds > 9) {
      throw new IllegalArgumentException("the number of front ends must be from 1 to 9");
    }
  }

  /** One front end, three products that cannot sell out, and support for process faults only. */
  public static ThrowawayStorePlan minimal(long seed) {
    return new ThrowawayStorePlan(
        null,
        Map.of(),
        1,
        unlimitedStock("Tux", "Fox", "Lego"),
        seed,
        false,
        false,
        false,
        List.of());
  }

  public ThrowawayStorePlan withConfigFile(@Nullable Path file) {
    return new ThrowawayStorePlan(
        file,
        settings,
        frontEnds,
        catalog,
        seed,
        networkFaults,
        diskFaults,
        loopDisks,
        overridingClasses);
  }

  public ThrowawayStorePlan withSettings(Map<String, String> others) {
    return new ThrowawayStorePlan(
        configFile,
        others,
        frontEnds,
        catalog,
        seed,
        networkFaults,
        diskFaults,
        loopDisks,
        overridingClasses);
  }

  public ThrowawayStorePlan withFrontEnds(int count) {
    return new ThrowawayStorePlan(
        configFile,
        settings,
        count,
        catalog,
        seed,
        networkFaults,
        diskFaults,
        loopDisks,
        overridingClasses);
  }

  public ThrowawayStorePlan withCatalog(String csv) {
    return new ThrowawayStorePlan(
        configFile,
        settings,
        frontEnds,
        csv,
        seed,
        networkFaults,
        diskFaults,
        loopDisks,
        overridingClasses);
  }

  /** Adds support for network and disk faults, as far as this machine allows it. */
  public ThrowawayStorePlan withAllFaults() {
    return new ThrowawayStorePlan(
        configFile, settings, frontEnds, catalog, seed, true, true, true, overridingClasses);
  }

  public ThrowawayStorePlan withNetworkFaults() {
    return new ThrowawayStorePlan(
        configFile,
        settings,
        frontEnds,
        catalog,
        seed,
        true,
        diskFaults,
        loopDisks,
        overridingClasses);
  }

  public ThrowawayStorePlan withOverridingClasses(List<Path> directories) {
    return new ThrowawayStorePlan(
        configFile,
        settings,
        frontEnds,
        catalog,
        seed,
        networkFaults,
        diskFaults,
        loopDisks,
        directories);
  }

  /** The distribution with {@link #overridingClasses} in front of its class path. */
  Distribution overlay(Distribution distribution) {
    StringBuilder path = new StringBuilder();
    overridingClasses.forEach(classes -> path.append(classes).append(File.pathSeparator));
    return new Distribution(
        distribution.home(), path + distribution.classPath(), distribution.mains());
  }

  /** A catalog with these products, as CSV text. The stock of each is more than clients can buy. */
  public static String unlimitedStock(String... products) {
    StringBuilder csv = new StringBuilder("name,price,quantity\n");
    for (String product : products) {
      csv.append(product).append(",9.99,1000000000\n");
    }
    return csv.toString();
  }
}
