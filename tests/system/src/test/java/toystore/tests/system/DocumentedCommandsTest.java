package toystore.tests.system;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;

/**
 * Runs the commands that the documents show, in the order of each document, on a store of the
 * test's own. Blocks marked {@code sh} are commands; blocks marked {@code console} are commands
 * behind {@code "$ "} with the output that they print. Durations are shortened.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class DocumentedCommandsTest {
  private static final Path HOME = Path.of(System.getProperty("toyctl.home"));
  private static final Duration LIMIT = Duration.ofMinutes(3);
  private static final Pattern BLOCK =
      Pattern.compile("^```(\\w*)\n(.*?)^```$", Pattern.MULTILINE | Pattern.DOTALL);
  private static final Pattern INLINE = Pattern.compile("`(?:bin/)?toyctl ([^`]+)`");
  private static final Pattern LINK = Pattern.compile("\\]\\(([^)#]+)(?:#[^)]*)?\\)");

  /** What is replaced in a command so that it takes seconds instead of minutes. */
  private static final Map<String, String> SHORTER =
      Map.of(
          "--duration \\S+", "--duration 2s",
          "--times \\d+", "--times 1",
          "toyctl load$", "toyctl load --duration 2s",
          "toyctl bench(?!.*--duration)(.*)", "toyctl bench$1 --duration 2s --warm-up 1s");

  private static Stream<Path> documents() {
    try {
      return SourceTree.files(".md").stream();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A command of a document, and the output that the document shows, or nothing. */
  private record Command(String line, String output) {}

  /** A fenced block of a document. */
  private record Block(String language, String text) {
    static List<Block> of(Path document) throws IOException {
      List<Block> blocks = new ArrayList<>();
      Matcher matcher = BLOCK.matcher(Files.readString(document, UTF_8));
      while (matcher.find()) {
        blocks.add(new Block(matcher.group(1), matcher.group(2)));
      }
      return blocks;
    }

    boolean isRun() {
      return language.equals("sh") || language.equals("console");
    }

    /** The commands of this block, each with the output that the document shows for it. */
    List<Command> commands() {
      if (language.equals("sh")) {
        return text.lines().map(line -> new Command(line, "")).toList();
      }
      List<Command> commands = new ArrayList<>();
      for (String part : text.split("(?m)^\\$ ", -1)) {
        if (!part.isBlank()) {
          String[] both = part.split("\n", 2);
          commands.add(new Command(both[0], both[1].strip()));
        }
      }
      return commands;
    }
  }

  @TestFactory
  @DisplayName("The commands of each document succeed and print what the document shows")
  Stream<DynamicTest> commandsSucceed() {
    return documents()
        .map(document -> HOME.relativize(document))
        .filter(document -> hasCommands(HOME.resolve(document)))
        .map(document -> dynamicTest(document.toString(), () -> runAll(HOME.resolve(document))));
  }

  private static boolean hasCommands(Path document) {
    try {
      return Block.of(document).stream().anyMatch(Block::isRun);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void runAll(Path document) throws IOException, InterruptedException {
    try (TestStore store = TestStore.prepare()) {
      Path work = Files.createDirectories(store.data().resolveSibling("work"));
      Path bin = Files.createDirectories(work.resolve("bin"));
      Files.writeString(
          bin.resolve("toyctl"),
          "#!/usr/bin/env bash\nexec '"
              + HOME.resolve("bin/toyctl")
              + "' --data '"
              + store.data()
              + "' --port-base "
              + store.portBase()
              + " \"$@\"\n");
      assertThat(bin.resolve("toyctl").toFile().setExecutable(true)).isTrue();
      for (Block block : Block.of(document)) {
        if (block.isRun()) {
          for (Command command : block.commands()) {
            run(work, command.line(), command.output());
          }
        }
      }
    }
  }

  private static void run(Path work, String shown, String expected)
      throws IOException, InterruptedException {
    String command = shown;
    for (Map.Entry<String, String> each : SHORTER.entrySet()) {
      command = command.replaceAll(each.getKey(), each.getValue());
    }
    Path output = work.resolve("output");
    Process process =
        new ProcessBuilder("bash", "-c", command)
            .directory(work.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    process.getOutputStream().close();
    boolean ended = process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS);
    process.destroyForcibly();
    String printed = Files.readString(output, UTF_8);
    assertThat(ended).as("%s ends; it printed %s", command, printed).isTrue();
    assertThat(process.exitValue()).as("%s; it printed %s", command, printed).isZero();
    if (!expected.isEmpty()) {
      assertThat(printed.strip()).as(command).matches(asPattern(expected));
    }
  }

  /** The shown output with everything that differs from run to run as a pattern. */
  private static Pattern asPattern(String shown) {
    String pattern =
        shown
            .lines()
            .map(
                line ->
                    line.equals("…")
                        ? "(?:.*\n?)*?"
                        : Pattern.quote(line)
                            .replaceAll("pid \\d+", "pid \\\\E\\\\d+\\\\Q")
                            .replaceAll("[0-9a-f]{16}…", "\\\\E[0-9a-f]{16}\\\\Q…")
                            .replaceAll("log of order-\\d", "log of order-\\\\E[12]\\\\Q")
                            .replaceAll("at index \\d+", "at index \\\\E\\\\d+\\\\Q"))
            .collect(Collectors.joining("\n"));
    return Pattern.compile(pattern.replace("(?:.*\n?)*?\n", "(?:.*\n)*?"));
  }

  @Test
  @DisplayName("Every toyctl command in a code block is in a block that this test runs")
  void noCommandIsInABlockThatIsNotRun() throws IOException {
    for (Path document : documents().toList()) {
      for (Block block : Block.of(document)) {
        if (!block.isRun()) {
          assertThat(block.text())
              .as("a block of %s marked '%s'", document, block.language())
              .doesNotContainPattern("(?m)^(\\$ )?bin/toyctl");
        }
      }
    }
  }

  @Test
  @DisplayName("Commands and options that a document names in a sentence exist")
  void namedCommandsAndOptionsExist() throws IOException {
    Map<String, String> help = new TreeMap<>();
    for (Path document : documents().toList()) {
      Matcher named = INLINE.matcher(Files.readString(document, UTF_8));
      while (named.find()) {
        List<String> words = List.of(named.group(1).split("\\s+"));
        if (!words.getFirst().matches("[a-z]+")) {
          continue;
        }
        boolean hasSubcommand =
            List.of("product", "order", "demo").contains(words.getFirst())
                && words.size() > 1
                && words.get(1).matches("[a-z]+");
        String command = String.join(" ", words.subList(0, hasSubcommand ? 2 : 1));
        String text = help.computeIfAbsent(command, DocumentedCommandsTest::helpOf);
        words.stream()
            .filter(word -> word.startsWith("--"))
            .forEach(option -> assertThat(text).as(named.group()).contains(option));
      }
    }
    assertThat(help).as("commands that documents name").hasSizeGreaterThan(5);
  }

  private static String helpOf(String command) {
    List<String> arguments = new ArrayList<>(List.of(command.split(" ")));
    arguments.add("--help");
    ToyctlProcess.Outcome outcome =
        new ToyctlProcess().run(arguments.toArray(String[]::new)).succeeded();
    // The general help is what an unknown command gets.
    assertThat(outcome.out()).as(command).contains("Usage: toyctl " + command);
    return outcome.out();
  }

  @Test
  @DisplayName("Links between documents and files lead somewhere")
  void linksLeadSomewhere() throws IOException {
    for (Path document : documents().toList()) {
      Matcher link = LINK.matcher(Files.readString(document, UTF_8));
      while (link.find()) {
        String target = link.group(1);
        if (!target.matches("[a-z]+:.*")) {
          Path file = document.resolveSibling(target).normalize();
          assertThat(file).as("%s links to %s", document, target).exists();
        }
      }
    }
  }
}
