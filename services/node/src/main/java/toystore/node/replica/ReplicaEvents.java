package toystore.node.replica;

import java.lang.System.Logger.Level;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import toystore.db.log.LogListener;
import toystore.node.Node;

/** Passes leadership changes of the log to the parts of a node, and halts it on fatal errors. */
final class ReplicaEvents implements LogListener {
  private static final System.Logger LOG = System.getLogger(ReplicaEvents.class.getName());

  private final Node node;
  private final List<LeadershipListener> listeners = new CopyOnWriteArrayList<>();
  private volatile boolean closing;

  ReplicaEvents(Node node) {
    this.node = node;
  }

  void add(LeadershipListener listener) {
    listeners.add(listener);
  }

  /** Ignores fatal errors from now on: the log is being closed. */
  void closing() {
    closing = true;
  }

  @Override
  public void leadershipStarted(long term) {
    LOG.log(Level.INFO, "{0} leads", node.name());
    listeners.forEach(listener -> listener.leadershipStarted(term));
  }

  @Override
  public void leadershipEnded() {
    LOG.log(Level.INFO, "{0} no longer leads", node.name());
    listeners.forEach(LeadershipListener::leadershipEnded);
  }

  @Override
  public void leaderChanged(String leader, long term) {
    LOG.log(Level.INFO, "{0} has learned that {1} leads", node.name(), leader);
  }

  @Override
  public void fatal(String what, @Nullable Throwable cause) {
    if (!closing) {
      node.halt(what, cause);
    }
  }
}
