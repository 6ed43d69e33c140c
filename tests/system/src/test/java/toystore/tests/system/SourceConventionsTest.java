package toystore.tests.system;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.google.googlejavaformat.java.Formatter;
import com.google.googlejavaformat.java.ImportOrderer;
import com.google.googlejavaformat.java.JavaFormatterOptions;
import com.google.googlejavaformat.java.RemoveUnusedImports;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Checks the layout, names, sizes and format of the source files. */
class SourceConventionsTest {
  private static final int MAX_LINES = 500;
  private static final int USUAL_LINES = 220;
  private static final double USUAL_FRACTION = 0.9;
  private static final int MAX_FILES_IN_PACKAGE = 25;
  private static final int MAX_TEST_NAME = 60;

  /** The visible entries of the repository's top-level directory. */
  private static final Set<String> TOP_LEVEL =
      Set.of(
          "CONTRIBUTING.md",
          "LICENSE",
          "README.md",
          "bin",
          "config",
          "db",
          "docs",
          "grafana",
          "pom.xml",
          "services",
          "tests",
          "toyctl");

  @Test
  @DisplayName("No file of main code has more than 500 lines, and nine of ten have fewer than 220")
  void mainFilesAreShort() throws IOException {
    List<String> tooLong = new ArrayList<>();
    long usual = 0;
    List<Path> files = SourceTree.mainFiles();
    for (Path file : files) {
      long lines = SourceTree.lines(file);
      if (lines > MAX_LINES) {
        tooLong.add(SourceTree.relative(file) + ": " + lines);
      }
      if (lines < USUAL_LINES) {
        usual++;
      }
    }
    assertThat(tooLong)
        .as("a class that is longer than %d lines has two jobs", MAX_LINES)
        .isEmpty();
    assertThat((double) usual / files.size())
        .as("the fraction of files with fewer than %d lines", USUAL_LINES)
        .isGreaterThanOrEqualTo(USUAL_FRACTION);
  }

  @Test
  @DisplayName("No package has more than 25 files of main code")
  void packagesAreSmall() throws IOException {
    Map<String, Long> sizes =
        SourceTree.mainFiles().stream()
            .collect(
                Collectors.groupingBy(
                    file -> String.valueOf(SourceTree.relative(file).getParent()),
                    TreeMap::new,
                    Collectors.counting()));

    sizes.values().removeIf(size -> size <= MAX_FILES_IN_PACKAGE);

    assertThat(sizes).as("a larger package has no single purpose").isEmpty();
  }

  @Test
  @DisplayName("No two top-level classes share a simple name")
  void topLevelClassNamesAreUnique() throws IOException {
    Set<String> seen = new TreeSet<>();
    Set<String> repeated = new TreeSet<>();
    for (String name : SourceTree.topLevelClasses()) {
      if (!seen.add(name)) {
        repeated.add(name);
      }
    }
    assertThat(repeated).as("a simple name must identify a class in a conversation").isEmpty();
  }

  @Test
  @DisplayName("Names of test methods have at most 60 characters")
  void testMethodNamesAreShort() throws IOException {
    List<SourceTree.TestMethod> methods = SourceTree.testMethods();

    assertThat(methods).hasSizeGreaterThan(100);
    assertThat(methods.stream().filter(method -> method.name().length() > MAX_TEST_NAME))
        .as("the name identifies a test, and @DisplayName describes it")
        .isEmpty();
  }

  @Test
  @DisplayName("Every test method has a @DisplayName")
  void testMethodsHaveDisplayNames() throws IOException {
    assertThat(SourceTree.testMethods().stream().filter(method -> !method.displayed()))
        .as("a test report consists of sentences")
        .isEmpty();
  }

  @Test
  @DisplayName("The top-level directory contains exactly the documented entries")
  void topLevelDirectoryIsAsDocumented() throws IOException, InterruptedException {
    assumeThat(SourceTree.HOME.resolve(".git")).as("needs a Git repository").exists();
    Process git =
        new ProcessBuilder("git", "ls-files", "--cached", "--others", "--exclude-standard")
            .directory(SourceTree.HOME.toFile())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    Set<String> entries;
    try (var lines = git.inputReader(UTF_8).lines()) {
      entries =
          lines
              .filter(file -> Files.exists(SourceTree.HOME.resolve(file)))
              .map(file -> file.split("/", 2)[0])
              .filter(entry -> !entry.startsWith("."))
              .collect(Collectors.toSet());
    }
    assumeThat(git.waitFor()).as("git can list the files").isZero();

    assertThat(entries)
        .as("the top-level folders are the architecture")
        .containsExactlyInAnyOrderElementsOf(TOP_LEVEL);
  }

  /**
   * With {@code -Dformat.fix}, this test rewrites the files instead. (A formatter plugin would run
   * on the JDK that runs Maven, which may be too old to read this code. Tests always run on the JDK
   * of the code.)
   */
  @Test
  @DisplayName("Every source file is formatted with google-java-format")
  void everySourceFileIsFormatted() throws Exception {
    boolean fix = System.getProperty("format.fix") != null;
    Formatter formatter = new Formatter(JavaFormatterOptions.defaultOptions());
    List<Path> different = new ArrayList<>();
    for (Path file : SourceTree.files()) {
      String text = Files.readString(file, UTF_8);
      String formatted =
          formatter.formatSource(
              ImportOrderer.reorderImports(
                  RemoveUnusedImports.removeUnusedImports(text),
                  JavaFormatterOptions.Style.GOOGLE));
      if (!formatted.equals(text)) {
        different.add(SourceTree.relative(file));
        if (fix) {
          Files.writeString(file, formatted, UTF_8);
        }
      }
    }
    if (!fix) {
      assertThat(different)
          .as("to format: mvn verify -Dformat.fix -Dtest=SourceConventionsTest")
          .isEmpty();
    }
  }
}
