package toystore.tests.system;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.Tree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreeScanner;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.jspecify.annotations.Nullable;

/** The Java sources of the repository. */
final class SourceTree {
  static final Path HOME = Path.of(System.getProperty("toyctl.home"));

  private static final Set<String> TEST_ANNOTATIONS =
      Set.of("Test", "ParameterizedTest", "RepeatedTest", "TestFactory", "TestTemplate");

  private SourceTree() {}

  /** All Java files except those in build directories. */
  static List<Path> files() throws IOException {
    return files(".java");
  }

  /**
   * All files with this ending, except those in build and hidden directories. Other programs may
   * create and delete files there while this method runs.
   */
  static List<Path> files(String ending) throws IOException {
    List<Path> found = new ArrayList<>();
    Files.walkFileTree(
        HOME,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) {
            String name = String.valueOf(directory.getFileName());
            boolean skipped =
                !directory.equals(HOME) && (name.equals("target") || name.startsWith("."));
            return skipped ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            if (file.toString().endsWith(ending)) {
              found.add(file);
            }
            return FileVisitResult.CONTINUE;
          }
        });
    return found.stream().sorted().toList();
  }

  /** The Java files of main code, without those that only describe a package. */
  static List<Path> mainFiles() throws IOException {
    return files().stream()
        .filter(file -> relative(file).toString().contains("src/main/java"))
        .filter(file -> !file.endsWith("package-info.java"))
        .toList();
  }

  static Path relative(Path file) {
    return HOME.relativize(file);
  }

  /** The number of lines of a file. */
  static long lines(Path file) throws IOException {
    try (Stream<String> lines = Files.lines(file, UTF_8)) {
      return lines.count();
    }
  }

  /** The simple names of all top-level classes, one for each declaration. */
  static List<String> topLevelClasses() throws IOException {
    List<String> names = new ArrayList<>();
    for (CompilationUnitTree unit : parse()) {
      for (Tree type : unit.getTypeDecls()) {
        if (type instanceof ClassTree declared) {
          names.add(declared.getSimpleName().toString());
        }
      }
    }
    return names;
  }

  /**
   * A test method.
   *
   * @param file the path of its class, relative to the repository
   * @param displayed whether it has a {@code @DisplayName}
   */
  record TestMethod(String file, String name, boolean displayed) {}

  /** All test methods of all modules. */
  static List<TestMethod> testMethods() throws IOException {
    List<TestMethod> methods = new ArrayList<>();
    for (CompilationUnitTree unit : parse()) {
      String file = relative(Path.of(unit.getSourceFile().toUri())).toString();
      new TreeScanner<@Nullable Void, @Nullable Void>() {
        @Override
        public @Nullable Void visitMethod(MethodTree method, @Nullable Void unused) {
          Set<String> annotations =
              method.getModifiers().getAnnotations().stream()
                  .map(annotation -> annotation.getAnnotationType().toString())
                  .collect(Collectors.toSet());
          if (annotations.stream().anyMatch(TEST_ANNOTATIONS::contains)) {
            methods.add(
                new TestMethod(
                    file, method.getName().toString(), annotations.contains("DisplayName")));
          }
          return super.visitMethod(method, null);
        }
      }.scan(unit, null);
    }
    return methods;
  }

  private static List<CompilationUnitTree> parse() throws IOException {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    try (StandardJavaFileManager manager = compiler.getStandardFileManager(null, null, UTF_8)) {
      JavacTask task =
          (JavacTask)
              compiler.getTask(
                  null,
                  manager,
                  null,
                  List.of("-proc:none"),
                  null,
                  manager.getJavaFileObjectsFromPaths(files()));
      List<CompilationUnitTree> units = new ArrayList<>();
      task.parse().forEach(units::add);
      return units;
    }
  }
}
