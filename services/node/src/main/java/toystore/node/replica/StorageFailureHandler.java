package toystore.node.replica;

import java.nio.file.Path;
import java.util.function.Consumer;
import toystore.db.storage.Database;
import toystore.node.Node;

/**
 * Halts the node after the first failed write or the first damage in its H2 file. Damage is also
 * recorded beside the file, so that the next start rebuilds it.
 */
final class StorageFailureHandler implements Consumer<Throwable> {
  private final Node node;
  private final Path file;

  /**
   * Creates a handler.
   *
   * @param file path without H2's suffix
   */
  StorageFailureHandler(Node node, Path file) {
    this.node = node;
    this.file = file;
  }

  @Override
  public void accept(Throwable failure) {
    if (Database.isDamage(failure)) {
      DataFile.recordDamage(file, String.valueOf(failure.getMessage()));
      node.halt("the database is damaged", failure);
    } else {
      node.halt("the database cannot be written", failure);
    }
  }
}
