package toystore.db.storage;

import java.nio.file.Path;

/** Holds a file open until its standard input ends: another process, for {@link DatabaseTest}. */
final class LockingProcess {
  static final String HOLDS = "holds the file";

  private LockingProcess() {}

  public static void main(String[] args) throws Exception {
    try (Database database =
        Database.open(
            Path.of(args[0]), TestSchemas.ENTRIES, TestSchemas.SMALL, new FatalErrorRecorder())) {
      System.out.println(HOLDS + " " + database.file());
      System.out.flush();
      while (System.in.read() >= 0) {
        // Only the end matters.
      }
    }
  }
}
