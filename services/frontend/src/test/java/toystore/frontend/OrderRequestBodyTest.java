package toystore.frontend;

import static java.nio.charset.StandardCharsets.UTF_16;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import toystore.protocol.api.ApiException;

class OrderRequestBodyTest {
  private static final String NOT_A_QUANTITY = "quantity must be a whole number from 1 to 1000000";

  private static OrderRequestBody parse(String json) {
    return OrderRequestBody.parse(json.getBytes(UTF_8));
  }

  private static void assertRejected(byte[] body, String message) {
    assertThatThrownBy(() -> OrderRequestBody.parse(body))
        .isInstanceOfSatisfying(ApiException.class, e -> assertThat(e.status()).isEqualTo(400))
        .hasMessage(message);
  }

  @ParameterizedTest
  @DisplayName("The order of the fields and white space do not matter")
  @ValueSource(
      strings = {
        "{\"name\":\"Tux\",\"quantity\":10}",
        "{\"quantity\":10,\"name\":\"Tux\"}",
        " \n{ \"name\" : \"T\\u0075x\" , \"quantity\" : 10 }\r\n ",
      })
  void orderAndWhiteSpaceDoNotMatter(String json) {
    assertThat(parse(json)).isEqualTo(new OrderRequestBody("Tux", 10));
  }

  @Test
  @DisplayName("Names may contain any printable characters")
  void namesMayContainAnyCharacters() {
    assertThat(parse("{\"name\":\"Käthe 🐧 \\\"x\\\"\",\"quantity\":1000000}"))
        .isEqualTo(new OrderRequestBody("Käthe 🐧 \"x\"", 1_000_000));
  }

  @ParameterizedTest
  @DisplayName("An invalid body is rejected with a message that names the mistake")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\'',
      value = {
        "[] | the body must be a JSON object with name and quantity",
        "'' | the body must be a JSON object with name and quantity",
        "null | the body must be a JSON object with name and quantity",
        "17 | the body must be a JSON object with name and quantity",
        "\"Tux\" | the body must be a JSON object with name and quantity",
        "{} | name is missing",
        "{\"quantity\":1} | name is missing",
        "{\"name\":\"Tux\"} | quantity is missing",
        "{\"name\":5,\"quantity\":1} | name must be a string",
        "{\"name\":null,\"quantity\":1} | name must be a string",
        "{\"name\":[\"Tux\"],\"quantity\":1} | name must be a string",
        "{\"name\":\"\",\"quantity\":1} | name must have 1 to 64 characters",
        "{\"name\":\" \",\"quantity\":1} | name must have 1 to 64 characters",
        "{\"name\":\"T\\u0000x\",\"quantity\":1} | name must not contain control characters",
        "{\"name\":\"T\\u001b[2Jx\",\"quantity\":1} | name must not contain control characters",
        "{\"name\":\"T\\ud83d\",\"quantity\":1} | name must not contain control characters",
        "{\"name\":\"Tux\",\"quantity\":1,\"name\":\"Fox\"} | a field is given more than once",
        "{\"name\":\"Tux\",\"quantity\":1,\"quantity\":1} | a field is given more than once",
        "{\"name\":\"Tux\",\"quantity\":1,\"price\":2} | unknown field 'price'",
        "{\"Name\":\"Tux\",\"quantity\":1} | unknown field 'Name'",
        "{\"a\\u001bb\":1} | unknown field 'a?b'",
        "{\"name\":\"Tux\",\"quantity\":1} x | the body is not valid JSON",
        "{\"name\":\"Tux\",\"quantity\":1}{} | unexpected content after the JSON object",
        "{\"name\":\"Tux\",\"quantity\":1 | the body is not valid JSON",
        "{\"name\":\"Tux\",\"quantity\" | the body is not valid JSON",
        "{\"name\":\"Tu | the body is not valid JSON",
        "{ | the body is not valid JSON",
        "{name:\"Tux\",\"quantity\":1} | the body is not valid JSON",
        "{\"name\":\"Tux\",\"quantity\":1,} | the body is not valid JSON",
        "{\"name\":\"Tux\",\"quantity\":01} | the body is not valid JSON",
        "{\"name\":\"Tux\",\"quantity\":+1} | the body is not valid JSON",
        "{\"name\":\"Tux\",\"quantity\":NaN} | the body is not valid JSON",
        "nonsense | the body is not valid JSON",
      })
  void anInvalidBodyIsRejectedWithASpecificMessage(String json, String message) {
    assertRejected(json.getBytes(UTF_8), message);
  }

  @ParameterizedTest
  @DisplayName("Only whole numbers from 1 to 1,000,000 are quantities")
  @ValueSource(
      strings = {
        "0",
        "-1",
        "-0",
        "1000001",
        "2147483648",
        "9223372036854775808",
        "999999999999999999999999",
        "1.0",
        "1.5",
        "1e3",
        "\"1\"",
        "\"\"",
        "null",
        "true",
        "[1]",
        "{}",
      })
  void onlyWholeNumbersUpToAMillionAreQuantities(String quantity) {
    assertRejected(
        ("{\"name\":\"Tux\",\"quantity\":" + quantity + "}").getBytes(UTF_8), NOT_A_QUANTITY);
  }

  @Test
  @DisplayName("A number with thousands of digits is rejected at once")
  void aNumberWithThousandsOfDigitsIsRejectedAtOnce() {
    Assertions.assertTimeoutPreemptively(
        Duration.ofSeconds(5),
        () ->
            assertThatThrownBy(
                    () -> parse("{\"name\":\"Tux\",\"quantity\":" + "9".repeat(60_000) + "}"))
                .isInstanceOf(ApiException.class));
  }

  @Test
  @DisplayName("Deep nesting is rejected")
  void deepNestingIsRejected() {
    assertThatThrownBy(() -> parse("{\"quantity\":" + "[".repeat(60_000)))
        .isInstanceOf(ApiException.class);
  }

  @Test
  @DisplayName("A name that is too long is rejected")
  void aNameThatIsTooLongIsRejected() {
    assertRejected(
        ("{\"quantity\":1,\"name\":\"" + "x".repeat(65) + "\"}").getBytes(UTF_8),
        "name must have 1 to 64 characters");
  }

  @Test
  @DisplayName("The message truncates the name of an unknown field")
  void anUnknownFieldIsTruncatedInTheMessage() {
    assertRejected(
        ("{\"" + "x".repeat(1_000) + "\":1}").getBytes(UTF_8),
        "unknown field '" + "x".repeat(40) + "…'");
  }

  @Test
  @DisplayName("Bytes that are not UTF-8 are rejected")
  void bytesThatAreNotUtf8AreRejected() {
    byte[] broken = "{\"name\":\"T?x\",\"quantity\":1}".getBytes(UTF_8);
    broken["{\"name\":\"T".length()] = (byte) 0xff;

    assertRejected(broken, "the body is not valid JSON");
    assertThatThrownBy(() -> OrderRequestBody.parse("{\"name\":5,\"quantity\":1}".getBytes(UTF_16)))
        .isInstanceOf(ApiException.class);
  }
}
