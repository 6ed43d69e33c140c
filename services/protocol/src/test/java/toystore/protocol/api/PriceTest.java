package toystore.protocol.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.math.BigDecimal;
import java.time.Duration;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import toystore.protocol.codec.Json;

class PriceTest {
  @ParameterizedTest
  @DisplayName("A decimal is stored in cents and shown with two places")
  @CsvSource({
    "15.99, 1599, 15.99",
    "5, 500, 5.00",
    "0, 0, 0.00",
    "0.1, 10, 0.10",
    "1.500, 150, 1.50",
    "1e3, 100000, 1000.00",
    "10000000, 1000000000, 10000000.00"
  })
  void decimalBecomesCentsAndTwoPlaces(String amount, long cents, String shown) {
    Price price = Price.of(new BigDecimal(amount));

    assertThat(price.cents()).isEqualTo(cents);
    assertThat(price).hasToString(shown);
    assertThat(new String(Json.toJson(price), java.nio.charset.StandardCharsets.UTF_8))
        .isEqualTo(shown);
  }

  @ParameterizedTest
  @DisplayName("A fraction of a cent is rejected, not rounded")
  @ValueSource(strings = {"1.999", "0.001", "1e-9"})
  void fractionOfCentIsRejected(String amount) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Price.of(new BigDecimal(amount)))
        .withMessageContaining("at most two places");
  }

  @ParameterizedTest
  @DisplayName("A price out of range is rejected")
  @ValueSource(strings = {"-0.01", "10000000.01", "99999999999999999999"})
  void priceOutOfRangeIsRejected(String amount) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Price.of(new BigDecimal(amount)))
        .withMessage("price must be from 0 to 10000000");
  }

  @ParameterizedTest
  @DisplayName("A huge exponent is rejected without expanding the number")
  @ValueSource(strings = {"1e999999999", "-1e999999999", "1e-999999999"})
  void hugeExponentIsRejectedQuickly(String amount) {
    Assertions.assertTimeoutPreemptively(
        Duration.ofSeconds(5),
        () ->
            assertThatIllegalArgumentException()
                .isThrownBy(() -> Price.of(new BigDecimal(amount))));
  }
}
