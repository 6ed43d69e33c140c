package toystore.toyctl.cli;

import java.io.PrintWriter;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;
import toystore.config.ConfigException;
import toystore.toyctl.cluster.ErrorText;
import toystore.toyctl.cluster.ExitCode;
import toystore.toyctl.cluster.ToyctlException;

/**
 * Converts each failure to an exit code and two lines: what failed and why, and a command that the
 * user can type next.
 */
final class ErrorHandler implements IParameterExceptionHandler, IExecutionExceptionHandler {
  @Override
  public int handleParseException(ParameterException e, String[] arguments) {
    CommandLine command = e.getCommandLine();
    List<String> suggestions =
        e instanceof UnmatchedArgumentException unmatched ? unmatched.getSuggestions() : List.of();
    String name = command.getCommandSpec().qualifiedName();
    report(
        command.getErr(),
        new ToyctlException(
            ExitCode.USAGE,
            "usage",
            String.valueOf(e.getMessage())
                + (suggestions.isEmpty() || command.getSubcommands().isEmpty()
                    ? ""
                    : "; did you mean " + String.join(" or ", suggestions) + "?"),
            name + " --help"));
    return ExitCode.USAGE;
  }

  @Override
  public int handleExecutionException(Exception e, CommandLine command, ParseResult result) {
    ToyctlException failure =
        switch (e) {
          case ToyctlException known -> known;
          case ConfigException wrong ->
              new ToyctlException(
                  ExitCode.USAGE,
                  "configuration",
                  ErrorText.reason(wrong),
                  "less config/toystore.yaml   (explains every key)",
                  wrong);
          case InterruptedException _ -> {
            Thread.currentThread().interrupt();
            yield new ToyctlException(
                ExitCode.FAILED, "interrupted", "the command stopped waiting", null, e);
          }
          default ->
              new ToyctlException(
                  ExitCode.FAILED,
                  command.getCommandName(),
                  e.getClass().getSimpleName() + ": " + ErrorText.reason(e),
                  "toyctl status",
                  e);
        };
    report(command.getErr(), failure);
    return failure.exitCode();
  }

  private static void report(PrintWriter err, ToyctlException e) {
    err.println("toyctl: " + e.what() + ": " + e.why());
    String remedy = e.remedy();
    if (remedy != null) {
      err.println("  try: " + remedy);
    }
    err.flush();
  }
}
