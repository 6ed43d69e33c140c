package toystore.toyctl.chaos.faults;

import java.io.IOException;
import java.time.Duration;
import java.util.List;

/** Writes or syncs of a running process fail, take long, are skipped, or are its last. */
public record DiskFault(StoreProcesses nodes, String victim, DiskFaultLibrary shim, Kind kind)
    implements Fault {
  /** What is wrong with the disk. */
  public sealed interface Kind {}

  /** No space is left. */
  public record WritesFindNoSpace() implements Kind {}

  /** Each write fails with an input/output error. */
  public record WritesFail() implements Kind {}

  /** Each sync fails with an input/output error. */
  public record SyncsFail() implements Kind {}

  /** Each sync says that it was done, and was not; only a {@link PowerLossFault} shows it. */
  public record SyncsAreSkipped() implements Kind {}

  public record WritesAreSlow(Duration each) implements Kind {}

  public record SyncsAreSlow(Duration each) implements Kind {}

  /** The process is killed in the middle of its n-th write from now. */
  public record KilledAtWrite(int n) implements Kind {}

  private static final int EIO = 5;
  private static final int ENOSPC = 28;

  @Override
  public void inject() {
    switch (kind) {
      case WritesFindNoSpace _ -> shim.arm(DiskFaultLibrary.Field.WRITE_ERRNO, ENOSPC);
      case WritesFail _ -> shim.arm(DiskFaultLibrary.Field.WRITE_ERRNO, EIO);
      case SyncsFail _ -> shim.arm(DiskFaultLibrary.Field.SYNC_ERRNO, EIO);
      case SyncsAreSkipped _ -> shim.arm(DiskFaultLibrary.Field.SKIP_SYNC, 1);
      case WritesAreSlow slow -> shim.arm(DiskFaultLibrary.Field.WRITE_DELAY_US, micros(slow.each));
      case SyncsAreSlow slow -> shim.arm(DiskFaultLibrary.Field.SYNC_DELAY_US, micros(slow.each));
      case KilledAtWrite killed -> shim.arm(DiskFaultLibrary.Field.WRITES_LEFT, killed.n);
    }
  }

  private static long micros(Duration time) {
    return time.toNanos() / 1000;
  }

  @Override
  public void heal() throws IOException, InterruptedException {
    shim.disarm();
    nodes.start(List.of(victim));
  }

  @Override
  public String sentence() {
    return switch (kind) {
      case WritesFindNoSpace _ -> "writes of " + victim + " find no space";
      case WritesFail _ -> "writes of " + victim + " fail";
      case SyncsFail _ -> "syncs of " + victim + " fail";
      case SyncsAreSkipped _ -> "syncs of " + victim + " are skipped";
      case WritesAreSlow slow -> "writes of " + victim + " take " + slow.each.toMillis() + " ms";
      case SyncsAreSlow slow -> "syncs of " + victim + " take " + slow.each.toMillis() + " ms";
      case KilledAtWrite killed -> victim + " is killed in its write no. " + killed.n;
    };
  }
}
