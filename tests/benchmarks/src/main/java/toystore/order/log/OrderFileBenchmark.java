package toystore.order.log;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import toystore.db.storage.Database;
import toystore.db.storage.RunningHash;
import toystore.protocol.api.Uuids;
import toystore.tests.benchmarks.BenchmarkSettings;

/**
 * Measures the time that the H2 writer needs for an order. A transaction has 2,000 orders, which is
 * the load of a quarter of a second.
 */
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
public class OrderFileBenchmark extends BenchmarkSettings {
  private static final int ROWS = 2_000;

  private final RunningHash hasher = new RunningHash();
  private final Path directory;
  private final Database database;
  private long orders;
  private OrderRow.Hash hash = OrderRow.Hash.START;
  private List<OrderRowChange> changes = List.of();

  /** Opens a new H2 file in a temporary directory. */
  public OrderFileBenchmark() {
    try {
      directory = Files.createTempDirectory("order-file");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    database =
        Database.open(
            directory.resolve("orders"),
            OrderTables.MIGRATIONS,
            new Database.Sizes(8192, 1),
            failure -> {});
  }

  /** Creates the rows of the next transaction. */
  @Setup(Level.Invocation)
  public void rows() {
    changes = new ArrayList<>(ROWS);
    for (int i = 0; i < ROWS; i++) {
      OrderLogCommand.Entry entry =
          new OrderLogCommand.Entry(Uuids.fresh(), Uuids.fresh(), "Tux", 1, 1599, orders, 1);
      OrderRow row = OrderRow.next(hasher, orders++, hash, entry, 1, orders);
      hash = row.hash();
      changes.add(new OrderRowChange.Placed(row));
    }
  }

  /** Writes one order of a transaction, including its share of the commit. */
  @Benchmark
  @OperationsPerInvocation(ROWS)
  public boolean write() {
    return database
        .write(
            transaction -> {
              OrderTables.write(transaction, changes);
              return true;
            })
        .join();
  }

  /** Removes the file. */
  @TearDown
  public void remove() throws IOException {
    database.close();
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(directory);
  }
}
