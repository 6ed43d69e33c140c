package toystore.protocol.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class InputLimitsTest {
  @ParameterizedTest
  @ValueSource(strings = {"Tux", "a", "Käthe Kruse", "🐧", "x/y?z#%", " Tux "})
  void anyPrintableNameIsPossible(String name) {
    assertThat(InputLimits.checkName(name)).isEqualTo(name);
  }

  @Test
  void lengthCountsCharactersAndNotSurrogates() {
    assertThat(InputLimits.checkName("🐧".repeat(64))).hasSize(128);
    assertThatThrownBy(() -> InputLimits.checkName("🐧".repeat(65)))
        .hasMessage("name must have 1 to 64 characters");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "\u2003"})
  void aBlankNameIsRefused(String name) {
    assertThatThrownBy(() -> InputLimits.checkName(name))
        .hasMessage("name must have 1 to 64 characters");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"a\u0000", "a\nb", "a\u001b[31m", "a\u007f", "a\u2028b", "a\u202eb", "a\ufeff"})
  void whatATerminalWouldActOnIsRefused(String name) {
    assertThatThrownBy(() -> InputLimits.checkName(name))
        .isInstanceOfSatisfying(ApiException.class, e -> assertThat(e.status()).isEqualTo(400))
        .hasMessage("name must not contain control characters");
  }

  @Test
  void halfASurrogatePairIsRefused() {
    assertThatThrownBy(() -> InputLimits.checkName("a" + '\ud83d'))
        .hasMessage("name must not contain control characters");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 1_000_000})
  void quantitiesFromOneToAMillionArePossible(int quantity) {
    assertThat(InputLimits.checkQuantity(quantity)).isEqualTo(quantity);
  }

  @ParameterizedTest
  @ValueSource(longs = {0, -1, 1_000_001, Integer.MAX_VALUE + 2L, Long.MAX_VALUE, Long.MIN_VALUE})
  void otherQuantitiesAreRefused(long quantity) {
    assertThatThrownBy(() -> InputLimits.checkQuantity(quantity))
        .hasMessage("quantity must be a whole number from 1 to 1000000");
  }
}
