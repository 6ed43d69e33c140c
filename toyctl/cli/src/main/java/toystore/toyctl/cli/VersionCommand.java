package toystore.toyctl.cli;

import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import toystore.toyctl.cli.context.CommandContext;
import toystore.toyctl.cluster.ExitCode;

/** {@code toyctl version} */
@Command(name = "version", description = "Shows the versions of the store and of Java.")
final class VersionCommand implements Callable<Integer> {
  private final CommandContext context;

  VersionCommand(CommandContext context) {
    this.context = context;
  }

  /** The JSON output. */
  record Version(String version, String java) {
    String text() {
      return "toyctl " + version + ", Java " + java;
    }
  }

  /** Provides the text for {@code --version}. */
  static final class Provider implements IVersionProvider {
    @Override
    public String[] getVersion() throws IOException {
      return new String[] {version().text()};
    }
  }

  @Override
  public Integer call() throws IOException {
    Version version = version();
    context.output().data(version, version::text);
    return ExitCode.OK;
  }

  // Maven writes this file into the jar. Without a jar there is no version.
  private static Version version() throws IOException {
    Properties built = new Properties();
    try (InputStream in =
        VersionCommand.class.getResourceAsStream(
            "/META-INF/maven/toystore/toyctl/pom.properties")) {
      if (in != null) {
        built.load(in);
      }
    }
    return new Version(built.getProperty("version", "unbuilt"), Runtime.version().toString());
  }
}
