package toystore.toyctl.chaos.faults;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import toystore.toyctl.chaos.faults.DiskFaultShim.Field;

/** A fault of the disk of one running process, injected with a {@link DiskFaultShim}. */
public record DiskFault(StoreProcesses processes, String node, DiskFaultShim library, Kind kind)
    implements Fault {
  /** What is wrong with the disk. */
  public sealed interface Kind {}

  /** Every write fails because no space is left. */
  public record NoSpace() implements Kind {}

  /** Every write fails with an input/output error. */
  public record FailedWrites() implements Kind {}

  /** Every sync fails with an input/output error. */
  public record FailedSyncs() implements Kind {}

  /** Every sync reports success without syncing. Only a {@link PowerLossFault} shows the effect. */
  public record SkippedSyncs() implements Kind {}

  /** Every write takes longer. */
  public record SlowWrites(Duration delay) implements Kind {}

  /** Every sync takes longer. */
  public record SlowSyncs(Duration delay) implements Kind {}

  /** The process is killed in the middle of a write; the next write has number 1. */
  public record KilledAtWrite(int number) implements Kind {}

  private static final int EIO = 5;
  private static final int ENOSPC = 28;

  @Override
  public void inject() {
    switch (kind) {
      case NoSpace _ -> library.arm(Field.WRITE_ERRNO, ENOSPC);
      case FailedWrites _ -> library.arm(Field.WRITE_ERRNO, EIO);
      case FailedSyncs _ -> library.arm(Field.SYNC_ERRNO, EIO);
      case SkippedSyncs _ -> library.arm(Field.SKIP_SYNC, 1);
      case SlowWrites slow -> library.arm(Field.WRITE_DELAY_US, micros(slow.delay));
      case SlowSyncs slow -> library.arm(Field.SYNC_DELAY_US, micros(slow.delay));
      case KilledAtWrite killed -> library.arm(Field.WRITES_LEFT, killed.number);
    }
  }

  private static long micros(Duration time) {
    return time.toNanos() / 1000;
  }

  @Override
  public void heal() throws IOException, InterruptedException {
    library.disarm();
    processes.start(List.of(node));
  }

  @Override
  public String description() {
    return switch (kind) {
      case NoSpace _ -> "writes of " + node + " find no space";
      case FailedWrites _ -> "writes of " + node + " fail";
      case FailedSyncs _ -> "syncs of " + node + " fail";
      case SkippedSyncs _ -> "syncs of " + node + " are skipped";
      case SlowWrites slow -> "writes of " + node + " take " + slow.delay.toMillis() + " ms longer";
      case SlowSyncs slow -> "syncs of " + node + " take " + slow.delay.toMillis() + " ms longer";
      case KilledAtWrite killed -> node + " is killed in its write number " + killed.number;
    };
  }
}
