package toystore.config;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.dataformat.csv.CsvFactory;
import com.fasterxml.jackson.dataformat.csv.CsvParser;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import toystore.protocol.api.ApiException;
import toystore.protocol.api.InputLimits;
import toystore.protocol.api.Price;

/**
 * Reads the products that a new store starts with. The file has the columns {@code
 * name,price,quantity} and a header line.
 */
public final class ProductCsv {
  /** The largest initial stock of one product. */
  public static final long MAX_QUANTITY = 1_000_000_000L;

  private static final List<String> HEADER = List.of("name", "price", "quantity");

  private ProductCsv() {}

  /** One line of the file. */
  public record Item(String name, Price price, long quantity) {}

  /**
   * Reads a file.
   *
   * @throws ConfigException if the file is invalid; the message contains the file and the line
   */
  public static List<Item> read(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      return read(in, file.toString());
    } catch (NoSuchFileException e) {
      throw new ConfigException(file + ": there is no such file", e);
    } catch (IOException e) {
      throw new ConfigException(file + ": " + e.getMessage(), e);
    }
  }

  /**
   * Reads a stream; see {@link #read(Path)}.
   *
   * @param fileName for error messages
   */
  public static List<Item> read(InputStream in, String fileName) throws IOException {
    List<Item> items = new ArrayList<>();
    Set<String> names = new HashSet<>();
    int line = 0;
    try (CsvParser rows = rows(in)) {
      while (rows.nextToken() != null) {
        line++;
        List<String> row = row(rows);
        if (line == 1) {
          require(row.equals(HEADER), "the first line must be name,price,quantity");
          continue;
        }
        Item item = item(row);
        require(names.add(item.name()), "product '" + item.name() + "' is listed twice");
        items.add(item);
      }
      require(!items.isEmpty(), "there are no products");
    } catch (JsonProcessingException e) {
      throw new ConfigException(
          fileName + ":" + e.getLocation().getLineNr() + ": " + e.getOriginalMessage(), e);
    } catch (IllegalArgumentException | ApiException e) {
      throw new ConfigException(fileName + ":" + line + ": " + e.getMessage(), e);
    }
    return items;
  }

  private static CsvParser rows(InputStream in) throws IOException {
    return CsvFactory.builder().enable(CsvParser.Feature.TRIM_SPACES).build().createParser(in);
  }

  /** Reads the columns of the row whose start token was just read. */
  private static List<String> row(CsvParser rows) throws IOException {
    List<String> columns = new ArrayList<>();
    while (rows.nextToken() != JsonToken.END_ARRAY) {
      columns.add(rows.getText());
    }
    return columns;
  }

  private static Item item(List<String> row) {
    require(row.size() == 3, "a row must have 3 columns, not " + row.size());
    String name = InputLimits.checkName(row.get(0));
    Price price;
    long quantity;
    try {
      price = Price.of(new BigDecimal(row.get(1)));
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("'" + row.get(1) + "' is not a price", e);
    }
    try {
      quantity = Long.parseLong(row.get(2));
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("'" + row.get(2) + "' is not a quantity", e);
    }
    require(
        quantity >= 0 && quantity <= MAX_QUANTITY, "quantity must be from 0 to " + MAX_QUANTITY);
    return new Item(name, price, quantity);
  }

  private static void require(boolean holds, String message) {
    if (!holds) {
      throw new IllegalArgumentException(message);
    }
  }
}
