package toystore.tests.system;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.googlejavaformat.java.Formatter;
import com.google.googlejavaformat.java.ImportOrderer;
import com.google.googlejavaformat.java.JavaFormatterOptions;
import com.google.googlejavaformat.java.RemoveUnusedImports;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Rules that hold for all modules. */
class ConventionsTest {
  private static final Path HOME = Path.of(System.getProperty("toyctl.home"));
  private static JavaClasses store;

  @BeforeAll
  static void readTheDistribution() throws IOException {
    List<JarFile> jars = new ArrayList<>();
    try (Stream<Path> files = Files.list(HOME.resolve("toyctl/cli/target/dist/lib"))) {
      for (Path file : files.toList()) {
        if (file.getFileName().toString().matches("toy(store|ctl)-.*\\.jar")) {
          jars.add(new JarFile(file.toFile()));
        }
      }
      store = new ClassFileImporter().importJars(jars);
    } finally {
      for (JarFile jar : jars) {
        jar.close();
      }
    }
    assertThat(store.stream().filter(c -> c.getPackageName().startsWith("toystore")).count())
        .isGreaterThan(100);
  }

  @Test
  void replicationKnowsOnlyStorageAndNoSql() {
    noClasses()
        .that()
        .resideInAPackage("toystore.db.replication..")
        .should()
        .dependOnClassesThat()
        .resideOutsideOfPackages(
            "toystore.db.replication..",
            "toystore.db.storage..",
            "java.lang..",
            "java.io..",
            "java.net..",
            "java.nio..",
            "java.time..",
            "java.util..",
            "jdk.net..",
            "org.jspecify..")
        .check(store);
  }

  @Test
  void onlyStorageKnowsH2AndOnlyTablesAndStatesKnowSql() {
    noClasses()
        .that()
        .resideOutsideOfPackage("toystore.db.storage")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("org.h2..")
        .check(store);
    noClasses()
        .that()
        .haveSimpleNameEndingWith("Routes")
        .or()
        .haveSimpleNameEndingWith("Main")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("java.sql..")
        .check(store);
  }

  @Test
  void servicesNeverKnowEachOther() {
    for (String service : List.of("catalog", "order", "frontend", "toyctl")) {
      classes()
          .that()
          .resideInAPackage("toystore." + service)
          .should()
          .onlyDependOnClassesThat()
          .resideOutsideOfPackages(
              Stream.of("catalog", "order", "frontend", "toyctl")
                  .filter(other -> !other.equals(service))
                  .map(other -> "toystore." + other)
                  .toArray(String[]::new))
          .check(store);
    }
  }

  @Test
  void theCacheProtocolKnowsNoServiceAndOnlyItsTwoSidesKnowIt() {
    noClasses()
        .that()
        .resideInAPackage("toystore.cache")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "toystore.catalog", "toystore.frontend", "toystore.order", "toystore.db..")
        .check(store);
    noClasses()
        .that()
        .resideOutsideOfPackages("toystore.cache", "toystore.catalog", "toystore.frontend")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("toystore.cache")
        .check(store);
  }

  /** Time is a {@code Ticker}'s, so that the search of its test drives all of it. */
  @Test
  void theDecisionsOfTheCacheProtocolKnowNoOtherClock() {
    noClasses()
        .that()
        .haveFullyQualifiedName("toystore.cache.CacheSessions")
        .or()
        .haveFullyQualifiedName("toystore.cache.InvalidationRound")
        .or()
        .haveFullyQualifiedName("toystore.cache.PendingChange")
        .or()
        .haveFullyQualifiedName("toystore.cache.PublishedProducts")
        .or()
        .haveFullyQualifiedName("toystore.cache.ProductCache")
        .should()
        .callMethod(System.class, "currentTimeMillis")
        .orShould()
        .callMethod(System.class, "nanoTime")
        .check(store);
  }

  @Test
  void modulesDoNotGoInCircles() {
    slices().matching("toystore.(**)").should().beFreeOfCycles().check(store);
  }

  @Test
  void applyingTheLogKnowsNoClockAndNoChance() {
    noClasses()
        .that()
        .haveSimpleName("OrderLog")
        .or()
        .haveSimpleName("OrderRules")
        .or()
        .haveSimpleName("CatalogState")
        .or()
        .haveSimpleName("StockRules")
        .should()
        .callMethod(System.class, "currentTimeMillis")
        .orShould()
        .callMethod(System.class, "nanoTime")
        .orShould()
        .callMethod(UUID.class, "randomUUID")
        .orShould()
        .dependOnClassesThat()
        .resideInAPackage("java.time..")
        .orShould()
        .dependOnClassesThat()
        .areAssignableTo(Random.class)
        .check(store);
  }

  /**
   * Every source file is as google-java-format has it. With {@code -Dformat.fix} the files are
   * rewritten instead. (A formatter in the build would run on the JDK that runs Maven, which may be
   * too old to read this code; tests always run on the JDK of the code.)
   */
  @Test
  void everySourceFileIsFormatted() throws Exception {
    Formatter formatter = new Formatter(JavaFormatterOptions.defaultOptions());
    List<Path> different = new ArrayList<>();
    for (Path file : sources()) {
      String text = Files.readString(file, UTF_8);
      String formatted =
          formatter.formatSource(
              ImportOrderer.reorderImports(
                  RemoveUnusedImports.removeUnusedImports(text),
                  JavaFormatterOptions.Style.GOOGLE));
      if (!formatted.equals(text)) {
        different.add(HOME.relativize(file));
        if (System.getProperty("format.fix") != null) {
          Files.writeString(file, formatted, UTF_8);
        }
      }
    }
    if (System.getProperty("format.fix") == null) {
      assertThat(different)
          .as("not formatted; mvn verify -Dformat.fix -Dtest=ConventionsTest rewrites them")
          .isEmpty();
    }
  }

  private static List<Path> sources() throws IOException {
    try (Stream<Path> files = Files.walk(HOME)) {
      return files
          .filter(f -> f.toString().endsWith(".java"))
          .filter(f -> !HOME.relativize(f).toString().contains("target"))
          .toList();
    }
  }
}
