package toystore.toyctl.cluster;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A table for terminals and HTML pages. Each column is as wide as its longest cell. Columns with
 * numbers are aligned to the right; a dash stands for null.
 */
public final class TextTable {
  private final List<String> header;
  private final List<List<@Nullable Object>> rows = new ArrayList<>();

  public TextTable(String... header) {
    this.header = List.of(header);
  }

  public TextTable row(@Nullable Object... cells) {
    if (cells.length != header.size()) {
      throw new IllegalArgumentException(cells.length + " cells for " + header.size() + " columns");
    }
    List<@Nullable Object> row = new ArrayList<>();
    for (Object cell : cells) {
      row.add(cell);
    }
    rows.add(row);
    return this;
  }

  /** The table as lines of text, without a final line break. */
  public String render() {
    List<String> lines = new ArrayList<>();
    List<Integer> widths = new ArrayList<>();
    for (int column = 0; column < header.size(); column++) {
      widths.add(width(column));
    }
    StringBuilder line = new StringBuilder();
    for (int column = 0; column < header.size(); column++) {
      pad(line, header.get(column), widths.get(column), numeric(column));
    }
    lines.add(line.toString());
    for (List<@Nullable Object> row : rows) {
      StringBuilder next = new StringBuilder();
      for (int column = 0; column < row.size(); column++) {
        pad(next, text(row.get(column)), widths.get(column), numeric(column));
      }
      lines.add(next.toString());
    }
    return lines.stream().map(String::stripTrailing).collect(Collectors.joining("\n"));
  }

  /** The table as HTML. */
  public String html() {
    StringBuilder html = new StringBuilder("<table><tr>");
    header.forEach(cell -> html.append("<th>").append(HtmlText.escape(cell)).append("</th>"));
    html.append("</tr>");
    for (List<@Nullable Object> row : rows) {
      html.append("<tr>");
      row.forEach(
          cell ->
              html.append(cell instanceof Number ? "<td class=n>" : "<td>")
                  .append(HtmlText.escape(text(cell)))
                  .append("</td>"));
      html.append("</tr>\n");
    }
    return html.append("</table>").toString();
  }

  private int width(int column) {
    int width = length(header.get(column));
    for (List<@Nullable Object> row : rows) {
      width = Math.max(width, length(text(row.get(column))));
    }
    return width;
  }

  private boolean numeric(int column) {
    return rows.stream().anyMatch(row -> row.get(column) instanceof Number);
  }

  private static void pad(StringBuilder line, String text, int width, boolean right) {
    if (!line.isEmpty()) {
      line.append("  ");
    }
    String space = " ".repeat(width - length(text));
    line.append(right ? space + text : text + space);
  }

  private static String text(@Nullable Object cell) {
    return cell == null ? "-" : cell.toString();
  }

  private static int length(String text) {
    return text.codePointCount(0, text.length());
  }
}
