package toystore.toyctl.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class TextTableTest {
  @Test
  @DisplayName("Columns of numbers are aligned to the right, and null is shown as a dash")
  void numbersAreRightAlignedAndNullIsADash() {
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
  @DisplayName("A table without rows consists of its header")
  void tableWithoutRowsIsItsHeader() {
    assertThat(new TextTable("A", "B").render()).isEqualTo("A  B");
  }

  @Test
  @DisplayName("A row with another number of cells than the header is rejected")
  void rowWithWrongNumberOfCellsIsRejected() {
    assertThatThrownBy(() -> new TextTable("A").row(1, 2)).hasMessage("2 cells for 1 columns");
  }
}
