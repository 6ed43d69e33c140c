package toystore.toyctl.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.Supplier;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import toystore.toyctl.cli.context.CommandContext;
import toystore.toyctl.cli.context.GlobalOptions;
import toystore.toyctl.cluster.process.Distribution;

/** The command line of the toy store. */
@Command(
    name = "toyctl",
    description = "Starts, operates, queries and tests the toy store.",
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
public final class ToyctlMain {
  private static final String HELP = "help";

  @Mixin private final GlobalOptions options = new GlobalOptions();

  private ToyctlMain() {}

  public static void main(String[] args) {
    System.exit(run(args));
  }

  /** Runs one command with the output streams of this process, and returns its exit code. */
  static int run(String... args) {
    PrintWriter out = writer(FileDescriptor.out);
    PrintWriter err = writer(FileDescriptor.err);
    int exitCode = run(out, err, Distribution::installed, args);
    out.flush();
    err.flush();
    return exitCode;
  }

  private static PrintWriter writer(FileDescriptor to) {
    return new PrintWriter(new FileOutputStream(to), true, StandardCharsets.UTF_8);
  }

  /**
   * Runs one command. Setting up all commands takes longer than some commands run, so only those
   * are set up whose names occur among the arguments. If that is not enough to parse the arguments,
   * all commands are set up.
   *
   * @return the exit code
   */
  static int run(
      PrintWriter out, PrintWriter err, Supplier<Distribution> distribution, String... args) {
    List<String> words = List.of(args);
    CommandLine selected = commandLine(out, err, distribution, words::contains);
    if (selected.getSubcommands().isEmpty() || selected.getSubcommands().containsKey(HELP)) {
      return commandLine(out, err, distribution, name -> true).execute(args);
    }
    return selected
        .setParameterExceptionHandler(new RetryWithAllCommands(out, err, distribution))
        .execute(args);
  }

  /**
   * Parses the arguments again with all commands, which gives a better error message. This is a
   * class and not a lambda, because the interface has an old class file version and JDK 25 cannot
   * write an AOT cache with a lambda of such an interface.
   */
  private record RetryWithAllCommands(
      PrintWriter out, PrintWriter err, Supplier<Distribution> distribution)
      implements IParameterExceptionHandler {
    @Override
    public int handleParseException(ParameterException e, String[] args) {
      return commandLine(out, err, distribution, name -> true).execute(args);
    }
  }

  /** Creates the command line with the commands whose names are wanted. */
  private static CommandLine commandLine(
      PrintWriter out,
      PrintWriter err,
      Supplier<Distribution> distribution,
      Predicate<String> wanted) {
    ToyctlMain main = new ToyctlMain();
    CommandContext context = new CommandContext(main.options, out, err, distribution);
    CommandLine commands = new CommandLine(main);
    commands(context)
        .forEach(
            (name, command) -> {
              if (wanted.test(name)) {
                commands.addSubcommand(name, command.get());
              }
            });
    ErrorHandler errors = new ErrorHandler();
    return commands
        .setOut(out)
        .setErr(err)
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setParameterExceptionHandler(errors)
        .setExecutionExceptionHandler(errors);
  }

  /**
   * All commands, in the order in which the help lists them. No supplier is a reference to a
   * constructor of a Picocli class: these have an old class file version, and JDK 25 crashes when
   * it writes an AOT cache with such a reference.
   */
  private static Map<String, Supplier<Object>> commands(CommandContext context) {
    Map<String, Supplier<Object>> commands = new LinkedHashMap<>();
    commands.put("up", () -> new UpCommand(context));
    commands.put("down", () -> new DownCommand(context));
    commands.put("start", () -> new StartCommand(context));
    commands.put("stop", () -> new StopCommand(context));
    commands.put("restart", () -> new RestartCommand(context));
    commands.put("heal", () -> new HealCommand(context));
    commands.put("status", () -> new StatusCommand(context));
    commands.put(
        "product",
        () ->
            new CommandLine(new ProductCommand())
                .addSubcommand(new ProductCommand.ListCommand(context))
                .addSubcommand(new ProductCommand.GetCommand(context)));
    commands.put("buy", () -> new BuyCommand(context));
    commands.put(
        "order",
        () ->
            new CommandLine(new OrderCommand())
                .addSubcommand(new OrderCommand.GetCommand(context))
                .addSubcommand(new OrderCommand.ListCommand(context)));
    commands.put("verify", () -> new VerifyCommand(context));
    commands.put("load", () -> new LoadCommand(context));
    commands.put("bench", () -> new BenchCommand(context));
    commands.put(
        "demo",
        () ->
            new CommandLine(new DemoCommand())
                .addSubcommand(new DemoCommand.CrashCommand(context)));
    commands.put("chaos", () -> new ChaosCommand(context));
    commands.put("check", () -> new CheckCommand(context));
    commands.put("train", () -> new TrainCommand(context));
    commands.put("supervise", () -> new SuperviseCommand(context));
    commands.put("version", () -> new VersionCommand(context));
    commands.put(HELP, () -> new HelpCommand());
    return commands;
  }
}
