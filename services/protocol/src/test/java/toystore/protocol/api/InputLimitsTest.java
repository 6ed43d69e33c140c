package toystore.protocol.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class InputLimitsTest {
  @ParameterizedTest
  @DisplayName("Any printable name is accepted")
  @ValueSource(strings = {"Tux", "a", "Käthe Kruse", "🐧", "x/y?z#%", " Tux "})
  void printableNameIsAccepted(String name) {
    assertThat(InputLimits.checkName(name)).isEqualTo(name);
  }

  @Test
  @DisplayName("The length of a name counts code points, not UTF-16 units")
  void lengthCountsCodePoints() {
    assertThat(InputLimits.checkName("🐧".repeat(64))).hasSize(128);
    assertThatThrownBy(() -> InputLimits.checkName("🐧".repeat(65)))
        .hasMessage("name must have 1 to 64 characters");
  }

  @ParameterizedTest
  @DisplayName("A blank name is rejected")
  @ValueSource(strings = {"", " ", "\u2003"})
  void blankNameIsRejected(String name) {
    assertThatThrownBy(() -> InputLimits.checkName(name))
        .hasMessage("name must have 1 to 64 characters");
  }

  @ParameterizedTest
  @DisplayName("Characters that a terminal would interpret are rejected")
  @ValueSource(
      strings = {"a\u0000", "a\nb", "a\u001b[31m", "a\u007f", "a\u2028b", "a\u202eb", "a\ufeff"})
  void controlCharactersAreRejected(String name) {
    assertThatThrownBy(() -> InputLimits.checkName(name))
        .isInstanceOfSatisfying(ApiException.class, e -> assertThat(e.status()).isEqualTo(400))
        .hasMessage("name must not contain control characters");
  }

  @Test
  @DisplayName("An unpaired surrogate is rejected")
  void unpairedSurrogateIsRejected() {
    assertThatThrownBy(() -> InputLimits.checkName("a" + '\ud83d'))
        .hasMessage("name must not contain control characters");
  }

  @ParameterizedTest
  @DisplayName("Quantities from one to a million are accepted")
  @ValueSource(ints = {1, 2, 1_000_000})
  void quantityInRangeIsAccepted(int quantity) {
    assertThat(InputLimits.checkQuantity(quantity)).isEqualTo(quantity);
  }

  @ParameterizedTest
  @DisplayName("Other quantities are rejected")
  @ValueSource(longs = {0, -1, 1_000_001, Integer.MAX_VALUE + 2L, Long.MAX_VALUE, Long.MIN_VALUE})
  void quantityOutOfRangeIsRejected(long quantity) {
    assertThatThrownBy(() -> InputLimits.checkQuantity(quantity))
        .hasMessage("quantity must be a whole number from 1 to 1000000");
  }
}
