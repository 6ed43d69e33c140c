package toystore.toyctl.cli;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import toystore.toyctl.cli.context.CommandContext;
import toystore.toyctl.cli.training.AotCacheTraining;
import toystore.toyctl.cluster.ExitCode;

/** {@code toyctl train}: called by the build of the distribution. */
@Command(
    name = "train",
    hidden = true,
    description = "Creates the AOT caches with which nodes and commands start faster.")
final class TrainCommand implements Callable<Integer> {
  private final CommandContext context;

  TrainCommand(CommandContext context) {
    this.context = context;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    AotCacheTraining.run(context.distribution(), UpThenStatus.class.getName());
    context.output().say("created the AOT caches");
    return ExitCode.OK;
  }

  /** The main class of the process that writes the cache of the command line. */
  static final class UpThenStatus {
    private UpThenStatus() {}

    /**
     * Runs the given {@code up} command, and then {@code status} with the same global options. The
     * exit code is that of {@code up}, because the status may be anything.
     */
    public static void main(String[] words) {
      List<String> status =
          new ArrayList<>(List.of(words).subList(0, List.of(words).indexOf("up")));
      status.add("status");
      int up = ToyctlMain.run(words);
      var _ = ToyctlMain.run(status.toArray(String[]::new));
      System.exit(up);
    }
  }
}
