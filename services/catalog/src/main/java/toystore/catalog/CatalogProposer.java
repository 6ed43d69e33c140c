package toystore.catalog;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import toystore.client.Deadline;
import toystore.db.log.NotLeaderException;
import toystore.db.log.ReplicatedLog;

/** Proposes commands to the catalog's replicated log while this catalog leads. */
final class CatalogProposer {
  private static final System.Logger LOG = System.getLogger(CatalogProposer.class.getName());

  /** How long to wait until a command is applied. */
  static final Duration TIMEOUT = Duration.ofSeconds(10);

  private final CatalogState state;
  private final ReplicatedLog log;

  CatalogProposer(CatalogState state, ReplicatedLog log) {
    this.state = state;
    this.log = log;
  }

  /**
   * The time for the next command, in milliseconds since 1970: this host's clock, but never before
   * the log's own time.
   */
  long timeMs() {
    return Math.max(System.currentTimeMillis(), state.logTimeMs());
  }

  boolean leads() {
    return log.leads();
  }

  /** The name of the leader as far as this catalog knows, or null. */
  @Nullable String leader() {
    return log.status().leader();
  }

  CompletableFuture<ReplicatedLog.Applied> submit(CatalogCommand command) {
    return log.submit(command.encode());
  }

  /** Submits a command and waits until it is applied. */
  ReplicatedLog.Applied apply(CatalogCommand command) throws Exception {
    return await(submit(command));
  }

  /** Waits until a submitted command is applied. */
  static ReplicatedLog.Applied await(CompletableFuture<ReplicatedLog.Applied> submitted)
      throws Exception {
    try {
      return Deadline.in(TIMEOUT).await(submitted);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof Exception cause ? cause : e;
    }
  }

  /** Logs the failure of work that is tried again, unless another catalog leads now. */
  static void logUnlessDeposed(String work, Exception e) {
    if (!(e instanceof NotLeaderException)) {
      LOG.log(Level.WARNING, work + " failed and will be tried again", e);
    }
  }
}
