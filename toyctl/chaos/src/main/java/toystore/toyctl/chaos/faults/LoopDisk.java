package toystore.toyctl.chaos.faults;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;

/**
 * A file system of its own in a file, mounted where a node keeps its data: it can be full, and it
 * can lose power. Needs root.
 *
 * <p>The file is the disk: what the kernel has not brought to it yet is only in memory. A copy of
 * the file holds what a disk holds at the moment of a power loss: all that was synced, and of the
 * rest whatever the kernel happened to write.
 */
public final class LoopDisk {
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final Path image;
  private final Path at;

  private LoopDisk(Path image, Path at) {
    this.image = image;
    this.at = at;
  }

  /** Whether this machine can do it: tried, since containers differ in what root may do. */
  public static boolean possible(Path temporary) throws IOException, InterruptedException {
    if (!ExternalProgram.has("mkfs.ext4")
        || !ExternalProgram.has("mount")
        || !ExternalProgram.has("losetup")) {
      return false;
    }
    Path image = temporary.resolve("trial.img");
    try {
      mount(image, temporary.resolve("trial"), 8).unmount();
      return true;
    } catch (IOException e) {
      System.getLogger(LoopDisk.class.getName())
          .log(System.Logger.Level.INFO, "no file system can be mounted: {0}", e.getMessage());
      return false;
    } finally {
      Files.deleteIfExists(image);
      Files.deleteIfExists(temporary.resolve("trial"));
    }
  }

  /** Makes an empty file system. */
  public static LoopDisk mount(Path image, Path at, int megabytes)
      throws IOException, InterruptedException {
    try (FileChannel file =
        FileChannel.open(image, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      // A hole: takes no space until it is used.
      file.write(ByteBuffer.allocate(1), ((long) megabytes << 20) - 1);
    }
    ExternalProgram.run(
        "mkfs.ext4", "-q", "-F", "-m", "0", "-E", "lazy_itable_init=1", image.toString());
    Files.createDirectories(at);
    LoopDisk disk = new LoopDisk(image, at);
    disk.mount();
    return disk;
  }

  private void mount() throws IOException, InterruptedException {
    ExternalProgram.run("mount", "-o", "loop", image.toString(), at.toString());
  }

  private Path ballast() {
    return at.resolve("ballast");
  }

  /** Takes all space that is left. */
  void fill() throws IOException, InterruptedException {
    long left = Files.getFileStore(at).getUsableSpace();
    if (left > 1 << 20) {
      ExternalProgram.run("fallocate", "-l", Long.toString(left - (1 << 20)), ballast().toString());
    }
    try (FileChannel file =
        FileChannel.open(
            ballast(),
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            StandardOpenOption.APPEND)) {
      ByteBuffer zeros = ByteBuffer.allocate(4096);
      while (true) {
        zeros.clear();
        file.write(zeros);
      }
    } catch (IOException e) {
      if (!String.valueOf(e.getMessage()).contains("No space")) {
        throw e;
      }
    }
  }

  /** Gives the space back. */
  void free() throws IOException {
    Files.deleteIfExists(ballast());
  }

  /** The disk as it is now, without what is only in memory. */
  void copy() throws IOException, InterruptedException {
    ExternalProgram.run("cp", "--sparse=always", image.toString(), copied().toString());
  }

  private Path copied() {
    return image.resolveSibling(image.getFileName() + ".lost-power");
  }

  /** Goes on with the copy. No process may use the directory. */
  void goOnWithCopy() throws IOException, InterruptedException {
    unmount();
    Files.move(copied(), image, StandardCopyOption.REPLACE_EXISTING);
    mount();
  }

  /** Unmounts; the file stays. */
  public void unmount() throws IOException, InterruptedException {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      try {
        ExternalProgram.run("umount", at.toString());
        return;
      } catch (IOException e) {
        // A process that was killed just now may not have let go of its files yet.
        if (System.nanoTime() - end > 0) {
          throw e;
        }
        Thread.sleep(20);
      }
    }
  }
}
