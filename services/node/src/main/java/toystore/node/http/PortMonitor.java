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
 * Detects that a listener of this process no longer listens. If Helidon cannot accept a connection,
 * for example for lack of file descriptors or memory, it closes the listener and never reopens it.
 * The process would continue to run, but no client could reach it.
 */
public final class PortMonitor implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(PortMonitor.class.getName());
  private static final int CONNECT_MS = 1_000;

  /** A single refusal may have another cause, such as a change of the firewall. */
  private static final int MIN_REFUSALS = 2;

  private final Map<InetSocketAddress, Integer> refusals = new HashMap<>();
  private final Duration interval;
  private final Consumer<InetSocketAddress> onClosed;
  private final Thread thread;

  /**
   * A socket for the next check. It is opened in advance, because listeners close when the process
   * has no file descriptors left. Used by the monitor's thread only.
   */
  private @Nullable SocketChannel reserve;

  /**
   * Starts a thread that checks the addresses.
   *
   * @param interval the time between two checks
   * @param onClosed called at least once with each address at which nothing listens any more
   */
  public PortMonitor(
      List<InetSocketAddress> addresses, Duration interval, Consumer<InetSocketAddress> onClosed) {
    addresses.forEach(address -> refusals.put(address, 0));
    this.interval = interval;
    this.onClosed = onClosed;
    this.thread = Thread.ofPlatform().daemon().name("port-monitor").start(this::run);
  }

  private void run() {
    try {
      while (true) {
        Thread.sleep(interval);
        check();
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } finally {
      close(reserve);
    }
  }

  /** Catches everything: the checks must continue when memory is short. */
  private void check() {
    try {
      refusals.replaceAll((address, before) -> refused(address) ? before + 1 : 0);
      refusals.forEach(
          (address, count) -> {
            if (count >= MIN_REFUSALS) {
              onClosed.accept(address);
            }
          });
    } catch (RuntimeException | Error e) {
      LOG.log(Level.WARNING, "cannot check the listeners of this node", e);
    }
  }

  private static void close(@Nullable SocketChannel channel) {
    if (channel != null) {
      try {
        channel.close();
      } catch (IOException e) {
        LOG.log(Level.DEBUG, "cannot close the reserve socket", e);
      }
    }
  }

  /** Whether it is certain that nothing listens at an address. */
  private boolean refused(InetSocketAddress address) {
    try (SocketChannel socket = reserve == null ? SocketChannel.open() : reserve) {
      reserve = null;
      socket.socket().connect(address, CONNECT_MS);
      return false;
    } catch (ConnectException e) {
      return true;
    } catch (IOException e) {
      // For example, this process has no free file descriptor, or the listener is overloaded.
      LOG.log(Level.DEBUG, "cannot check whether anything listens at " + address, e);
      return false;
    } finally {
      openReserve();
    }
  }

  private void openReserve() {
    try {
      reserve = SocketChannel.open();
    } catch (IOException e) {
      LOG.log(Level.DEBUG, "no file descriptor is free for the reserve socket", e);
    }
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
