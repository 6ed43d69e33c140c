package toystore.toyctl.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class TextTableTest {
  @Test
  void numbersStandToTheRightAndNullIsADash() {
    TextTable table =
        new TextTable("NAME", "LEFT", "NOTE").row("Tux", 5, null).row("Whale", 100, "x");

    assertThat(table.render())
        .isEqualTo(
            """
            NAME   LEFT  NOTE
            Tux       5  -
            Whale   100  x\
            """);
  }

  @Test
  void aTableWithoutRowsIsItsHeader() {
    assertThat(new TextTable("A", "B").render()).isEqualTo("A  B");
  }

  @Test
  void aRowOfAnotherWidthIsRefused() {
    assertThatThrownBy(() -> new TextTable("A").row(1, 2)).hasMessage("2 cells for 1 columns");
  }
}
