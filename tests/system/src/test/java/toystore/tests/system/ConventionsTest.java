package toystore.tests.system;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
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
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Checks the dependencies between the classes of the distribution. */
class ConventionsTest {
  private static final Path HOME = Path.of(System.getProperty("toyctl.home"));
  private static final List<String> SERVICES =
      List.of("toystore.catalog..", "toystore.order..", "toystore.frontend..");
  private static final String TOYCTL = "toystore.toyctl..";

  private static JavaClasses store;

  @BeforeAll
  static void readTheDistribution() throws IOException {
    List<JarFile> jars = new ArrayList<>();
    try (Stream<Path> files = Files.list(HOME.resolve("toyctl/cli/target/dist/lib"))) {
      for (Path file : files.toList()) {
        if (String.valueOf(file.getFileName()).matches("toy(store|ctl)-.*\\.jar")) {
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

  /**
   * The classes with these simple names, with their nested classes. Fails if one of them does not
   * exist, for example after a rename.
   */
  private static DescribedPredicate<JavaClass> named(String... names) {
    for (String name : names) {
      assertThat(store.stream().map(JavaClass::getSimpleName)).as("all classes").contains(name);
    }
    return DescribedPredicate.describe(
        "classes named " + String.join(", ", names),
        type -> List.of(names).contains(topLevelName(type)));
  }

  private static String topLevelName(JavaClass type) {
    String name = type.getName().substring(type.getPackageName().length() + 1);
    return name.split("\\$", 2)[0];
  }

  @Test
  @DisplayName("Services do not depend on each other")
  void servicesDoNotDependOnEachOther() {
    for (String service : SERVICES) {
      noClasses()
          .that()
          .resideInAPackage(service)
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              SERVICES.stream().filter(other -> !other.equals(service)).toArray(String[]::new))
          .because("services exchange messages, so that each can run on a host of its own")
          .check(store);
    }
  }

  @Test
  @DisplayName("Libraries depend neither on services nor on toyctl")
  void librariesDoNotDependOnServices() {
    noClasses()
        .that()
        .resideOutsideOfPackages(
            Stream.concat(SERVICES.stream(), Stream.of(TOYCTL)).toArray(String[]::new))
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(SERVICES.toArray(String[]::new))
        .orShould()
        .dependOnClassesThat()
        .resideInAPackage(TOYCTL)
        .because("a library is usable without its users")
        .check(store);
    noClasses()
        .that()
        .resideInAnyPackage(SERVICES.toArray(String[]::new))
        .should()
        .dependOnClassesThat()
        .resideInAPackage(TOYCTL)
        .because("nodes run without toyctl")
        .check(store);
  }

  @Test
  @DisplayName("Only the catalog and the front end use the cache protocol")
  void onlyItsTwoSidesUseTheCacheProtocol() {
    noClasses()
        .that()
        .resideOutsideOfPackages("toystore.cache..", "toystore.catalog..", "toystore.frontend..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("toystore.cache..")
        .because("the cache protocol has two sides: the catalog and the front end")
        .check(store);
    noClasses()
        .that()
        .resideInAPackage("toystore.cache..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("toystore.db..")
        .because("cached products are not stored")
        .check(store);
  }

  @Test
  @DisplayName("toystore.db.log depends on the JDK only")
  void logInterfacesDependOnTheJdkOnly() {
    noClasses()
        .that()
        .resideInAPackage("toystore.db.log..")
        .should()
        .dependOnClassesThat()
        .resideOutsideOfPackages(
            "toystore.db.log..",
            "java.lang..",
            "java.io..",
            "java.nio..",
            "java.time..",
            "java.util..",
            "org.jspecify..")
        .because("the interfaces of the replicated log name no engine, no database and no SQL")
        .check(store);
  }

  @Test
  @DisplayName("toystore.db.raft depends on the log interfaces, framing and the JDK only")
  void raftDependsOnLogAndFramingOnly() {
    noClasses()
        .that()
        .resideInAPackage("toystore.db.raft..")
        .should()
        .dependOnClassesThat()
        .resideOutsideOfPackages(
            "toystore.db.raft..",
            "toystore.db.log..",
            "toystore.db.framing..",
            "java.lang..",
            "java.io..",
            "java.net..",
            "java.nio..",
            "java.time..",
            "java.util..",
            "jdk.net..",
            "org.jspecify..")
        .because("an engine replicates bytes and does not know what they mean")
        .check(store);
  }

  @Test
  @DisplayName("toystore.db.raft.core uses no thread, clock, file, socket or random number")
  void raftCoreIsPure() {
    noClasses()
        .that()
        .resideInAPackage("toystore.db.raft.core..")
        .should()
        .dependOnClassesThat(
            resideInAPackage("toystore..")
                .and(
                    DescribedPredicate.not(
                        resideInAnyPackage("toystore.db.raft.core..", "toystore.db.log.."))))
        .orShould()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "java.net..",
            "java.nio.file..",
            "java.nio.channels..",
            "java.time..",
            "java.util.concurrent..")
        .orShould()
        .dependOnClassesThat()
        .areAssignableTo(Thread.class)
        .orShould()
        .dependOnClassesThat()
        .areAssignableTo(Random.class)
        .orShould()
        .dependOnClassesThat()
        .haveNameMatching("java\\.io\\.(File.*|RandomAccessFile)")
        .orShould()
        .callMethod(System.class, "currentTimeMillis")
        .orShould()
        .callMethod(System.class, "nanoTime")
        .because("a model checker drives the same decisions as the nodes, with its own time")
        .check(store);
  }

  @Test
  @DisplayName("Only Main classes depend on toystore.db.raft")
  void onlyMainClassesDependOnTheEngine() {
    noClasses()
        .that()
        .resideOutsideOfPackage("toystore.db.raft..")
        .and(DescribedPredicate.not(named("CatalogMain", "OrderMain")))
        .should()
        .dependOnClassesThat()
        .resideInAPackage("toystore.db.raft..")
        .because("only the engine knows how an entry is stored or sent, so it can be replaced")
        .check(store);
    classes()
        .that()
        .haveSimpleName("CatalogMain")
        .or()
        .haveSimpleName("OrderMain")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("toystore.db.raft..")
        .because("the main class of a service chooses the engine")
        .check(store);
  }

  @Test
  @DisplayName("Only toystore.db.storage depends on H2")
  void onlyStorageDependsOnH2() {
    noClasses()
        .that()
        .resideOutsideOfPackage("toystore.db.storage..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("org.h2..")
        .because("what H2 needs to be trusted is in one place")
        .check(store);
  }

  @Test
  @DisplayName("Routes, main classes and everything without a database do not use SQL")
  void onlyTablesAndStatesUseSql() {
    noClasses()
        .that()
        .haveSimpleNameEndingWith("Routes")
        .or()
        .haveSimpleNameEndingWith("Main")
        .or()
        .resideInAnyPackage(
            "toystore.config..",
            "toystore.protocol..",
            "toystore.client..",
            "toystore.node",
            "toystore.node.http..",
            "toystore.node.rpc..",
            "toystore.cache..",
            "toystore.frontend..",
            TOYCTL)
        .should()
        .dependOnClassesThat()
        .resideInAPackage("java.sql..")
        .because("only storage, tables and replicated states know SQL")
        .check(store);
  }

  @Test
  @DisplayName("toyctl: commands use chaos, chaos uses cluster, and nothing points back")
  void toyctlHasOneDirection() {
    noClasses()
        .that()
        .resideOutsideOfPackage("toystore.toyctl.cli..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("toystore.toyctl.cli..")
        .because("a library does not depend on a command")
        .check(store);
    noClasses()
        .that()
        .resideInAPackage("toystore.toyctl.cluster..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("toystore.toyctl.chaos..")
        .because("operating a cluster does not need fault injection")
        .check(store);
    noClasses()
        .that()
        .resideInAPackage(TOYCTL)
        .should()
        .dependOnClassesThat(
            resideInAPackage("toystore..")
                .and(
                    DescribedPredicate.not(
                        resideInAnyPackage(
                            TOYCTL,
                            "toystore.client..",
                            "toystore.config..",
                            "toystore.protocol.."))))
        .because("toyctl reaches nodes through their settings, messages and HTTP interfaces only")
        .check(store);
  }

  @Test
  @DisplayName("Packages have no dependency cycles")
  void packagesHaveNoCycles() {
    slices()
        .matching("toystore.(**)")
        .should()
        .beFreeOfCycles()
        .because("packages in a cycle can only be understood and changed together")
        .check(store);
  }

  @Test
  @DisplayName("Applying a log entry uses no clock and no random number")
  void applyingAnEntryIsDeterministic() {
    noClasses()
        .that(
            named(
                "OrderLog",
                "OrderStateMachine",
                "OrderNumbering",
                "Tombstones",
                "CatalogState",
                "CatalogStateMachine",
                "CommandInventory",
                "HoldRules"))
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
        .because("all replicas must reach the same state from the same log")
        .check(store);
  }

  @Test
  @DisplayName("The decisions of the cache protocol read time from a Ticker only")
  void cacheDecisionsReadTimeFromATicker() {
    noClasses()
        .that(
            named(
                "CacheSessions",
                "GrantedSession",
                "HeldSession",
                "InvalidationRound",
                "PendingChange",
                "PublishedProducts",
                "ProductCache"))
        .should()
        .callMethod(System.class, "currentTimeMillis")
        .orShould()
        .callMethod(System.class, "nanoTime")
        .because("the search in CacheModel controls the time of the production classes")
        .check(store);
  }
}
