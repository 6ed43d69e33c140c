package toystore.db.storage;

import java.util.List;

/** The schemas that the tests of this package use. */
final class TestSchemas {
  /** A table of numbered rows, and the table of log positions. */
  static final Migrations ENTRIES = of("entries.sql");

  /** The next version of {@link #ENTRIES}, in which rows have a note. */
  static final Migrations ENTRIES_WITH_NOTE = of("entries.sql", "entries-note.sql");

  static final Database.Sizes SMALL = new Database.Sizes(1_024, 2);

  private TestSchemas() {}

  static Migrations of(String... scripts) {
    return new Migrations(TestSchemas.class, List.of(scripts));
  }
}
