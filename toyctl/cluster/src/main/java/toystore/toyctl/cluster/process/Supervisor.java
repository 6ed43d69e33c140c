package toystore.toyctl.cluster.process;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import toystore.config.StoreConfig.Node;
import toystore.toyctl.cluster.CommandDeadline;
import toystore.toyctl.cluster.ToyctlException;
import toystore.toyctl.cluster.Wordings;

/**
 * Starts nodes again that ended although nobody stopped them. All it knows is in the run files, so
 * that it may itself be killed at any time, and another one goes on.
 */
public final class Supervisor {
  public static final String NAME = "supervisor";
  static final Duration POLL = Duration.ofMillis(100);

  private static final Duration LOCK = Duration.ofSeconds(10);

  private final List<Node> nodes;
  private final RunFiles runs;
  private final Cluster cluster;
  private final @Nullable Path catalog;
  private final Consumer<String> say;
  private final Map<String, Watched> watched = new HashMap<>();

  /** A node under watch: the process it last was, since when, and when to start it again. */
  private static final class Watched {
    final RestartPolicy policy = new RestartPolicy();
    @Nullable RunFile process;
    long seenNanos;
    long restartNanos;
    boolean due;
  }

  /**
   * A supervisor of this host's nodes.
   *
   * @param catalog the products that a new catalog begins with, or null for the shipped ones
   * @param say told of what it does, a line each time
   */
  public Supervisor(
      List<Node> nodes,
      RunFiles runs,
      Cluster cluster,
      @Nullable Path catalog,
      Consumer<String> say) {
    this.nodes = nodes;
    this.runs = runs;
    this.cluster = cluster;
    this.catalog = catalog;
    this.say = say;
  }

  /** Watches until it is interrupted, or another one has taken its place. */
  public void run(long ownPid) throws InterruptedException {
    while (runs.supervisor().map(RunFile::pid).filter(pid -> pid == ownPid).isPresent()) {
      look();
      Thread.sleep(POLL);
    }
  }

  /** One look at all nodes. */
  void look() throws InterruptedException {
    for (Node node : nodes) {
      try {
        look(node);
      } catch (IOException | ToyctlException e) {
        // A port that is not free yet, a full disk: the next look is soon.
        say.accept(node.name() + " could not be started: " + Wordings.reason(e));
      }
    }
  }

  private void look(Node node) throws IOException, InterruptedException {
    Watched state = watched.computeIfAbsent(node.name(), name -> new Watched());
    RunFile run = runs.read(node.name()).orElse(null);
    if (run == null || run.wish() != RunFile.Wish.RUN) {
      state.process = null;
      state.due = false;
      return;
    }
    long now = System.nanoTime();
    if (state.process == null || !state.process.sameProcess(run)) {
      if (run.restarts() == 0) {
        state.policy.reset();
      }
      state.process = run;
      state.seenNanos = now;
      state.due = false;
    }
    if (run.process().isPresent()) {
      return;
    }
    if (!state.due) {
      plan(node, run, state, now);
    } else if (now - state.restartNanos >= 0) {
      // Whatever comes of it, the next try is not before another pause.
      state.restartNanos = now + RestartPolicy.LONGEST.toNanos();
      if (cluster.restart(node, run, catalog, CommandDeadline.in(LOCK))) {
        say.accept("started " + node.name() + " again");
      }
    }
  }

  private void plan(Node node, RunFile run, Watched state, long now)
      throws IOException, InterruptedException {
    String reason = ExitReason.of(cluster.log(node), run.logStart());
    String ended = node.name() + " ended: " + (reason == null ? "without a word" : reason);
    Optional<Duration> wait = state.policy.ended(now, Duration.ofNanos(now - state.seenNanos));
    if (wait.isEmpty()) {
      cluster.leaveDown(run, CommandDeadline.in(LOCK));
      say.accept(ended + "; it failed too often and is left down");
      return;
    }
    state.due = true;
    state.restartNanos = now + wait.get().toNanos();
    say.accept(ended + "; it is started again in " + wait.get().toMillis() + " ms");
  }
}
