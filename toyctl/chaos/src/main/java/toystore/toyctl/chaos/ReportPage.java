package toystore.toyctl.chaos;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import toystore.protocol.codec.Json;
import toystore.toyctl.chaos.check.FaultTimeline;
import toystore.toyctl.cluster.TextTable;
import toystore.toyctl.cluster.Wordings;

/**
 * A page about a run with faults that needs nothing but itself.
 *
 * @param holds all promises held
 * @param closing what it all comes to, a paragraph each
 * @param table one row a fault
 * @param figures text with line breaks
 * @param perSecond acknowledged purchases in each second
 * @param marksMs when faults began, in milliseconds since the beginning
 */
public record ReportPage(
    String title,
    boolean holds,
    List<String> closing,
    TextTable table,
    String figures,
    List<Integer> perSecond,
    List<Long> marksMs,
    List<String> findings,
    List<FaultTimeline.Event> events) {
  private static final int WIDTH = 1000;
  private static final int HEIGHT = 160;

  /** Writes the page, and the report itself as JSON beside it. */
  public static void write(Path file, Object report, ReportPage page) throws IOException {
    Path parent = file.toAbsolutePath().getParent();
    if (parent != null) {
      Files.createDirectories(parent);
    }
    Files.writeString(file, page.html(), UTF_8);
    String name = String.valueOf(file.getFileName());
    int dot = name.lastIndexOf('.');
    String stem = dot > 0 ? name.substring(0, dot) : name;
    Files.write(file.resolveSibling(stem + ".json"), Json.toJson(report));
  }

  String html() {
    return """
    <!doctype html>
    <html lang="en"><head><meta charset="utf-8"><title>%s</title>
    <style>
    body { font: 15px/1.5 system-ui, sans-serif; margin: 2em auto; max-width: 64em; padding: 0 1em; }
    table { border-collapse: collapse; margin: 1em 0; }
    th, td { border-bottom: 1px solid #ccc; padding: .2em .7em; text-align: left; }
    .n { text-align: right; } pre { background: #f4f4f4; padding: 1em; overflow-x: auto; }
    .yes { color: #17692e; } .no { color: #b3141d; }
    svg { width: 100%%; height: auto; background: #fafafa; }
    </style></head><body>
    <h1>%s</h1>
    <p class="%s"><strong>%s</strong></p>
    %s
    <h2>Acknowledged purchases a second</h2>
    %s
    <h2>Faults</h2>
    %s
    <pre>%s</pre>
    %s
    <h2>Timeline</h2>
    <pre>%s</pre>
    </body></html>
    """
        .formatted(
            Wordings.escaped(title),
            Wordings.escaped(title),
            holds ? "yes" : "no",
            holds ? "All promises held." : "A promise was broken.",
            paragraphs(closing),
            chart(),
            table.html(),
            Wordings.escaped(figures),
            findings.isEmpty() ? "" : "<h2>What is wrong</h2>" + paragraphs(findings),
            Wordings.escaped(
                events.stream().map(FaultTimeline.Event::text).collect(Collectors.joining("\n"))));
  }

  private static String paragraphs(List<String> texts) {
    return texts.stream()
        .map(text -> "<p>" + Wordings.escaped(text) + "</p>")
        .collect(Collectors.joining("\n"));
  }

  /** A line of acknowledgements, and a mark for each fault. */
  private String chart() {
    int most = Math.max(1, perSecond.stream().mapToInt(Integer::intValue).max().orElse(1));
    double step = (double) WIDTH / Math.max(1, perSecond.size());
    StringBuilder line = new StringBuilder();
    for (int second = 0; second < perSecond.size(); second++) {
      double y = HEIGHT - (double) HEIGHT * perSecond.get(second) / most;
      line.append(String.format(Locale.ROOT, "%.1f,%.1f ", (second + 0.5) * step, y));
    }
    String marks =
        marksMs.stream()
            .map(ms -> ms / 1e3 * step)
            .map(
                x ->
                    String.format(
                        Locale.ROOT,
                        "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"0\" y2=\"%d\" stroke=\"#b3141d\"/>",
                        x,
                        x,
                        HEIGHT))
            .collect(Collectors.joining());
    return """
    <svg viewBox="0 0 %d %d" role="img" aria-label="acknowledged purchases a second">%s
    <polyline fill="none" stroke="#1a5fb4" stroke-width="1.5" points="%s"/>
    <text x="4" y="14" font-size="12">%d/s</text></svg>
    """
        .formatted(WIDTH, HEIGHT, marks, line, most);
  }
}
