package toystore.config;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import toystore.protocol.api.Price;

class ProductCsvTest {
  @TempDir private Path directory = Path.of("");

  private Path file(String text) throws IOException {
    return Files.writeString(directory.resolve("mine.csv"), text, UTF_8);
  }

  @Test
  @DisplayName("Products are read in the order of the file")
  void productsAreReadInOrder() throws IOException {
    Path file = file("name,price,quantity\nTux,15.99,100\n\"Fox, red\", 12.5 , 0\n");

    assertThat(ProductCsv.read(file))
        .containsExactly(
            new ProductCsv.Item("Tux", new Price(1599), 100),
            new ProductCsv.Item("Fox, red", new Price(1250), 0));
  }

  @ParameterizedTest
  @DisplayName("An error names the file, the line and the problem")
  @CsvSource(
      delimiter = '|',
      value = {
        "name,price\\nTux,1\\n | 1 | the first line must be name,price,quantity",
        "Tux,15.99,100\\n | 1 | the first line must be name,price,quantity",
        "name,price,quantity\\n | 1 | there are no products",
        "name,price,quantity\\nTux,1,2\\nFox,1\\n | 3 | a row must have 3 columns, not 2",
        "name,price,quantity\\nTux,1,2,3\\n | 2 | a row must have 3 columns, not 4",
        "name,price,quantity\\nTux,1,2\\n\\nFox,1,2\\n | 3 | a row must have 3 columns, not 1",
        "name,price,quantity\\nTux,cheap,2\\n | 2 | 'cheap' is not a price",
        "name,price,quantity\\nTux,1.999,2\\n | 2 | at most two places",
        "name,price,quantity\\nTux,-1,2\\n | 2 | price must be from 0 to 10000000",
        "name,price,quantity\\nTux,1e999999999,2\\n | 2 | price must be from 0 to 10000000",
        "name,price,quantity\\nTux,1,some\\n | 2 | 'some' is not a quantity",
        "name,price,quantity\\nTux,1,1.5\\n | 2 | '1.5' is not a quantity",
        "name,price,quantity\\nTux,1,-1\\n | 2 | quantity must be from 0 to 1000000000",
        "name,price,quantity\\nTux,1,1000000001\\n | 2 | quantity must be from 0 to 1000000000",
        "name,price,quantity\\n,1,1\\n | 2 | name must have 1 to 64 characters",
        "name,price,quantity\\nT\\u0007x,1,1\\n | 2 | name must not contain control characters",
        "name,price,quantity\\nTux,1,2\\nFox,1,2\\nTux,3,4\\n | 4 | product 'Tux' is listed twice",
      })
  void errorNamesFileAndLine(String text, int line, String message) throws IOException {
    Path file = file(text.replace("\\n", "\n").replace("\\u0007", "\u0007"));

    assertThatThrownBy(() -> ProductCsv.read(file))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith(file + ":" + line + ": ")
        .hasMessageContaining(message);
  }

  @Test
  @DisplayName("A quote that is never closed is rejected, and the error names the line")
  void unclosedQuoteIsRejectedWithLine() throws IOException {
    Path file = file("name,price,quantity\nTux,1,2\n\"Fox,1,2\n");

    assertThatThrownBy(() -> ProductCsv.read(file))
        .isInstanceOf(ConfigException.class)
        .message()
        .matches(java.util.regex.Pattern.quote(file.toString()) + ":[34]: .*")
        .doesNotContain("Source");
  }

  @Test
  @DisplayName("An empty file is rejected")
  void emptyFileIsRejected() throws IOException {
    Path file = file("");

    assertThatThrownBy(() -> ProductCsv.read(file))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith(file.toString());
  }

  @Test
  @DisplayName("The error for a missing file names the file")
  void missingFileIsNamed() {
    Path file = directory.resolve("none.csv");

    assertThatThrownBy(() -> ProductCsv.read(file))
        .isInstanceOf(ConfigException.class)
        .hasMessage(file + ": there is no such file");
  }
}
