package toystore.db.storage;

import java.sql.Connection;
import java.sql.SQLException;

/**
 * A query or transaction. On the writer thread everything that it does is one transaction, which
 * commits as a whole or not at all.
 */
@FunctionalInterface
public interface DatabaseWork<T> {
  T run(Connection connection) throws SQLException;
}
