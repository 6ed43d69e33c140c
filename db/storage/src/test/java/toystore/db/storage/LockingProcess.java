package toystore.db.storage;

import java.nio.file.Path;

/**
 * The main class of a second process for {@link DatabaseTest}. It keeps a file open until its
 * standard input ends.
 */
final class LockingProcess {
  static final String OPENED = "opened";

  private LockingProcess() {}

  public static void main(String[] args) throws Exception {
    try (Database database =
        Database.open(
            Path.of(args[0]), TestSchemas.ENTRIES, TestSchemas.SMALL, new FatalErrorRecorder())) {
      System.out.println(OPENED + " " + database.file());
      System.out.flush();
      while (System.in.read() >= 0) {
        // Ignore the input and wait for its end.
      }
    }
  }
}
