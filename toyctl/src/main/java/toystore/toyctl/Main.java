package toystore.toyctl;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.function.Supplier;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.ScopeType;

/** The command line of the toy store. */
@Command(
    name = "toyctl",
    description = "Runs the toy store and asks it things.",
    mixinStandardHelpOptions = true,
    scope = ScopeType.INHERIT,
    versionProvider = VersionCommand.Provider.class,
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      " 0:done",
      " 1:failed",
      " 2:usage, or a wrong setting",
      " 3:not running",
      " 4:state unknown",
      " 5:timed out, may still finish",
      " 6:port or data directory in use",
      " 7:verification failed",
      "10:degraded (status)",
      "11:no quorum (status)"
    })
public final class Main {
  @Mixin private final Options options = new Options();

  private Main() {}

  public static void main(String[] args) {
    PrintWriter out = writer(FileDescriptor.out);
    PrintWriter err = writer(FileDescriptor.err);
    int exitCode = commandLine(out, err, Distribution::installed).execute(args);
    out.flush();
    err.flush();
    System.exit(exitCode);
  }

  private static PrintWriter writer(FileDescriptor to) {
    return new PrintWriter(new FileOutputStream(to), true, StandardCharsets.UTF_8);
  }

  /** The parts of the command line. */
  static CommandLine commandLine(
      PrintWriter out, PrintWriter err, Supplier<Distribution> distribution) {
    Main main = new Main();
    Context context = new Context(main.options, out, err, distribution);
    CommandLine commands =
        new CommandLine(main)
            .addSubcommand(new UpCommand(context))
            .addSubcommand(new DownCommand(context))
            .addSubcommand(new StartCommand(context))
            .addSubcommand(new StopCommand(context))
            .addSubcommand(new RestartCommand(context))
            .addSubcommand(new HealCommand(context))
            .addSubcommand(new StatusCommand(context))
            .addSubcommand(
                new CommandLine(new ProductCommand())
                    .addSubcommand(new ProductCommand.ListCommand(context))
                    .addSubcommand(new ProductCommand.GetCommand(context)))
            .addSubcommand(new BuyCommand(context))
            .addSubcommand(
                new CommandLine(new OrderCommand())
                    .addSubcommand(new OrderCommand.GetCommand(context))
                    .addSubcommand(new OrderCommand.ListCommand(context)))
            .addSubcommand(new VerifyCommand(context))
            .addSubcommand(new LoadCommand(context))
            .addSubcommand(new BenchCommand(context))
            .addSubcommand(
                new CommandLine(new DemoCommand())
                    .addSubcommand(new DemoCommand.CrashCommand(context)))
            .addSubcommand(new ChaosCommand(context))
            .addSubcommand(new CheckCommand(context))
            .addSubcommand(new TrainCommand(context))
            .addSubcommand(new SuperviseCommand(context))
            .addSubcommand(new VersionCommand(context))
            .addSubcommand(new HelpCommand());
    ErrorHandler errors = new ErrorHandler();
    return commands
        .setOut(out)
        .setErr(err)
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setParameterExceptionHandler(errors)
        .setExecutionExceptionHandler(errors);
  }
}
