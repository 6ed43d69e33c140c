package toystore.db.storage;

import java.nio.file.Path;

/** Holds a file open until its standard input ends: another process, for {@link DatabaseTest}. */
final class OtherProcess {
  static final String HOLDS = "holds the file";

  private OtherProcess() {}

  public static void main(String[] args) throws Exception {
    try (Database database =
        Database.open(Path.of(args[0]), Schemas.ENTRIES, Schemas.SMALL, new Fatal())) {
      System.out.println(HOLDS + " " + database.file());
      System.out.flush();
      while (System.in.read() >= 0) {
        // Only the end matters.
      }
    }
  }
}
