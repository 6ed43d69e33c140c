package toystore.db.storage;

import java.util.List;

/** The schemas of this package's tests. */
final class TestSchemas {
  /** Numbered rows, and the position of the log entry that made the last one. */
  static final Migrations ENTRIES = of("entries.sql");

  /** The same, one version later: rows have a note. */
  static final Migrations ENTRIES_WITH_NOTE = of("entries.sql", "entries-note.sql");

  static final Database.Sizes SMALL = new Database.Sizes(1_024, 2);

  private TestSchemas() {}

  static Migrations of(String... scripts) {
    return new Migrations(TestSchemas.class, List.of(scripts));
  }
}
