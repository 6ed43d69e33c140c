package toystore.protocol.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.math.BigDecimal;
import java.time.Duration;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import toystore.protocol.codec.Json;

class PriceTest {
  @ParameterizedTest
  @CsvSource({
    "15.99, 1599, 15.99",
    "5, 500, 5.00",
    "0, 0, 0.00",
    "0.1, 10, 0.10",
    "1.500, 150, 1.50",
    "1e3, 100000, 1000.00",
    "10000000, 1000000000, 10000000.00"
  })
  void aDecimalIsSoManyCentsAndIsShownWithTwoPlaces(String amount, long cents, String shown) {
    Price price = Price.of(new BigDecimal(amount));

    assertThat(price.cents()).isEqualTo(cents);
    assertThat(price).hasToString(shown);
    assertThat(new String(Json.toJson(price), java.nio.charset.StandardCharsets.UTF_8))
        .isEqualTo(shown);
  }

  @ParameterizedTest
  @ValueSource(strings = {"1.999", "0.001", "1e-9"})
  void aFractionOfACentIsAnErrorAndNotRounded(String amount) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Price.of(new BigDecimal(amount)))
        .withMessageContaining("at most two places");
  }

  @ParameterizedTest
  @ValueSource(strings = {"-0.01", "10000000.01", "99999999999999999999"})
  void aPriceOutOfRangeIsRefused(String amount) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Price.of(new BigDecimal(amount)))
        .withMessage("price must be from 0 to 10000000");
  }

  @ParameterizedTest
  @ValueSource(strings = {"1e999999999", "-1e999999999", "1e-999999999"})
  void aHugeExponentIsRefusedAtOnce(String amount) {
    Assertions.assertTimeoutPreemptively(
        Duration.ofSeconds(5),
        () ->
            assertThatIllegalArgumentException()
                .isThrownBy(() -> Price.of(new BigDecimal(amount))));
  }
}
