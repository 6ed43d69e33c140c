package toystore.db.storage;

import java.sql.Connection;
import java.sql.SQLException;

/** Work on a connection. On the writer it is one transaction: all of it is committed or none. */
@FunctionalInterface
public interface DatabaseWork<T> {
  T run(Connection connection) throws SQLException;
}
