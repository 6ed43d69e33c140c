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
 * A small file system in an image file, mounted as the data directory of a node. It can be filled,
 * and it can lose power. It needs root.
 *
 * <p>The image file represents the disk: data that the kernel has not written to it exist only in
 * memory. A copy of the image therefore contains what a disk contains after a power loss: all
 * synced data, and those unsynced data that the kernel happened to have written.
 */
public final class LoopDisk {
  private static final Duration UNMOUNT_TIMEOUT = Duration.ofSeconds(10);
  private static final long UNMOUNT_RETRY_MS = 20;
  private static final int MEBIBYTE = 1 << 20;

  private final Path image;
  private final Path mountPoint;

  private LoopDisk(Path image, Path mountPoint) {
    this.image = image;
    this.mountPoint = mountPoint;
  }

  /** Whether this machine allows it. Containers differ in what root may do, so this tries it. */
  public static boolean isSupported(Path temporary) throws IOException, InterruptedException {
    if (!ExternalProgram.exists("mkfs.ext4")
        || !ExternalProgram.exists("mount")
        || !ExternalProgram.exists("losetup")) {
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

  /** Creates an empty file system and mounts it. */
  public static LoopDisk mount(Path image, Path mountPoint, int megabytes)
      throws IOException, InterruptedException {
    try (FileChannel file =
        FileChannel.open(image, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      // The file is sparse: it takes no space until it is used.
      file.write(ByteBuffer.allocate(1), (long) megabytes * MEBIBYTE - 1);
    }
    ExternalProgram.run(
        "mkfs.ext4", "-q", "-F", "-m", "0", "-E", "lazy_itable_init=1", image.toString());
    Files.createDirectories(mountPoint);
    LoopDisk disk = new LoopDisk(image, mountPoint);
    disk.mount();
    return disk;
  }

  private void mount() throws IOException, InterruptedException {
    ExternalProgram.run("mount", "-o", "loop", image.toString(), mountPoint.toString());
  }

  private Path filler() {
    return mountPoint.resolve("ballast");
  }

  /** Uses all space that is left. */
  void fill() throws IOException, InterruptedException {
    long left = Files.getFileStore(mountPoint).getUsableSpace();
    if (left > MEBIBYTE) {
      ExternalProgram.run("fallocate", "-l", Long.toString(left - MEBIBYTE), filler().toString());
    }
    try (FileChannel file =
        FileChannel.open(
            filler(),
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

  /** Frees the space that {@link #fill} used. */
  void free() throws IOException {
    Files.deleteIfExists(filler());
  }

  /** Copies the disk in its present state, without data that exist only in memory. */
  void takeSnapshot() throws IOException, InterruptedException {
    ExternalProgram.run("cp", "--sparse=always", image.toString(), snapshot().toString());
  }

  private Path snapshot() {
    return image.resolveSibling(image.getFileName() + ".lost-power");
  }

  /** Replaces the disk with the copy. No process may have files open on it. */
  void restoreSnapshot() throws IOException, InterruptedException {
    unmount();
    Files.move(snapshot(), image, StandardCopyOption.REPLACE_EXISTING);
    mount();
  }

  /** Unmounts the file system. The image file is kept. */
  public void unmount() throws IOException, InterruptedException {
    long deadline = System.nanoTime() + UNMOUNT_TIMEOUT.toNanos();
    while (true) {
      try {
        ExternalProgram.run("umount", mountPoint.toString());
        return;
      } catch (IOException e) {
        // A process that was just killed may still have files open.
        if (System.nanoTime() - deadline > 0) {
          throw e;
        }
        Thread.sleep(UNMOUNT_RETRY_MS);
      }
    }
  }
}
