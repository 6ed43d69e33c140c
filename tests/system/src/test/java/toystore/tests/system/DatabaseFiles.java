package toystore.tests.system;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/** Reads the H2 files of stopped nodes without the code of the store. */
final class DatabaseFiles {
  private DatabaseFiles() {}

  /** The rows of a query on the database of a node. The columns are separated by spaces. */
  static List<String> rows(Path data, String node, String file, String sql) {
    Path database = data.resolve(node).resolve(file);
    if (!Files.exists(Path.of(database + ".mv.db"))) {
      throw new AssertionError(database + ".mv.db does not exist");
    }
    String url = "jdbc:h2:file:" + database + ";IFEXISTS=TRUE;ACCESS_MODE_DATA=r";
    try (Connection connection = DriverManager.getConnection(url, "sa", "");
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      List<String> all = new ArrayList<>();
      int columns = rows.getMetaData().getColumnCount();
      while (rows.next()) {
        List<String> row = new ArrayList<>();
        for (int i = 1; i <= columns; i++) {
          row.add(rows.getString(i));
        }
        all.add(String.join(" ", row));
      }
      return all;
    } catch (SQLException e) {
      throw new AssertionError("cannot read " + database, e);
    }
  }

  /** All rows and columns of the order log of a replica. */
  static List<String> orders(Path data, String node) {
    return rows(data, node, "orders", "SELECT * FROM orders ORDER BY number");
  }
}
