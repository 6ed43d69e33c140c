package toystore.node.http;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Notices that nothing listens at one of this process's own addresses any more. Helidon closes a
 * listener for good when it cannot accept one connection (too few files, too little memory), and
 * the process lives on where nobody reaches it.
 */
public final class ListenerMonitor implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(ListenerMonitor.class.getName());
  private static final int CONNECT_MS = 1_000;

  /** One refusal may be a firewall that is being changed. */
  private static final int REFUSALS = 2;

  private final Map<InetSocketAddress, Integer> refusals = new HashMap<>();
  private final Duration pause;
  private final Consumer<InetSocketAddress> gone;
  private final Thread thread;

  /** A file for the next look, opened while there were some. Of the watching thread. */
  private @Nullable SocketChannel reserve;

  /**
   * Begins to watch.
   *
   * @param pause between two looks
   * @param gone told, once or more, of an address at which nothing listens any more
   */
  public ListenerMonitor(
      List<InetSocketAddress> addresses, Duration pause, Consumer<InetSocketAddress> gone) {
    addresses.forEach(address -> refusals.put(address, 0));
    this.pause = pause;
    this.gone = gone;
    this.thread = Thread.ofPlatform().daemon().name("listener-watch").start(this::watch);
  }

  private void watch() {
    try {
      while (true) {
        Thread.sleep(pause);
        look();
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } finally {
      close(reserve);
    }
  }

  /** Whatever happens, the next look follows: it is when memory is short that it is needed. */
  private void look() {
    try {
      refusals.replaceAll((address, before) -> refused(address) ? before + 1 : 0);
      refusals.forEach(
          (address, count) -> {
            if (count >= REFUSALS) {
              gone.accept(address);
            }
          });
    } catch (RuntimeException | Error e) {
      LOG.log(Level.WARNING, "cannot look at this node's own addresses", e);
    }
  }

  private static void close(@Nullable SocketChannel channel) {
    if (channel != null) {
      try {
        channel.close();
      } catch (IOException e) {
        LOG.log(Level.DEBUG, "closing a file that was put by", e);
      }
    }
  }

  /** Whether it is certain that nothing listens there. */
  private boolean refused(InetSocketAddress address) {
    try (SocketChannel mine = reserve == null ? SocketChannel.open() : reserve) {
      reserve = null;
      mine.socket().connect(address, CONNECT_MS);
      return false;
    } catch (ConnectException e) {
      return true;
    } catch (IOException e) {
      // Too few files here, say, or too many connections there.
      LOG.log(Level.DEBUG, "cannot tell whether anything listens at " + address, e);
      return false;
    } finally {
      putBy();
    }
  }

  /** It is when files have run out that listeners close. */
  private void putBy() {
    try {
      reserve = SocketChannel.open();
    } catch (IOException e) {
      LOG.log(Level.DEBUG, "no file is left to look with", e);
    }
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
