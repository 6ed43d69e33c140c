package toystore.toyctl.cli.context;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.function.Supplier;
import toystore.protocol.codec.Json;

/** Prints the output of a command in the requested format. */
public final class CommandOutput {
  private final GlobalOptions options;
  private final PrintWriter out;
  private final PrintWriter err;

  CommandOutput(GlobalOptions options, PrintWriter out, PrintWriter err) {
    this.options = options;
    this.out = out;
    this.err = err;
  }

  private boolean isJson() {
    return options.output == OutputFormat.JSON;
  }

  public boolean isQuiet() {
    return options.quiet;
  }

  /** Whether the output is neither JSON nor quiet. */
  public boolean isVerbose() {
    return !options.quiet && !isJson();
  }

  /** The standard error stream. */
  public PrintWriter err() {
    return err;
  }

  /** Prints a line of text, unless the output is JSON or quiet. */
  public void say(String text) {
    if (isVerbose()) {
      out.println(text);
    }
  }

  /** Prints the progress of a long command, unless the output is quiet. */
  public void progress(String text) {
    if (!options.quiet) {
      (isJson() ? err : out).println(text);
    }
  }

  /** Prints the requested data, even if the output is quiet. */
  public void data(Object json, Supplier<String> text) {
    if (isJson()) {
      out.println(new String(Json.toJson(json), StandardCharsets.UTF_8));
    } else {
      out.println(text.get());
    }
  }

  /** Prints the outcome of an action. As text it is not printed if the output is quiet. */
  public void outcome(Object json, Supplier<String> text) {
    if (isJson()) {
      data(json, text);
    } else {
      say(text.get());
    }
  }

  /** Prints a problem that does not end the command. */
  public void warn(String text) {
    err.println("toyctl: " + text);
  }

  /** Prints a command that the user can type next. */
  public void hint(String command) {
    err.println("  try: " + command);
  }
}
