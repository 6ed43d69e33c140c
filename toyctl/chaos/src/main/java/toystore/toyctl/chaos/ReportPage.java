package toystore.toyctl.chaos;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import toystore.protocol.codec.Json;
import toystore.toyctl.cluster.HtmlText;
import toystore.toyctl.cluster.TextTable;

/**
 * A self-contained HTML page about an experiment with faults.
 *
 * @param holds whether all promises held
 * @param conclusions paragraphs with the conclusions
 * @param table a table of the faults
 * @param figures preformatted text with measurements
 * @param chart the throughput during the experiment
 * @param findings descriptions of the violations
 * @param events the timeline
 */
public record ReportPage(
    String title,
    boolean holds,
    List<String> conclusions,
    TextTable table,
    String figures,
    ThroughputChart chart,
    List<String> findings,
    List<FaultTimeline.Event> events) {
  /** Writes the page, and next to it the report as JSON. */
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

  private String html() {
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
            HtmlText.escape(title),
            HtmlText.escape(title),
            holds ? "yes" : "no",
            holds ? "All promises held." : "A promise was broken.",
            paragraphs(conclusions),
            chart.svg(),
            table.html(),
            HtmlText.escape(figures),
            findings.isEmpty() ? "" : "<h2>Violations</h2>" + paragraphs(findings),
            HtmlText.escape(
                events.stream().map(FaultTimeline.Event::text).collect(Collectors.joining("\n"))));
  }

  private static String paragraphs(List<String> texts) {
    return texts.stream()
        .map(text -> "<p>" + HtmlText.escape(text) + "</p>")
        .collect(Collectors.joining("\n"));
  }
}
