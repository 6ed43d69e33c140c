package toystore.toyctl.chaos;

import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * A chart of the acknowledged purchases in each second, with a vertical line for each fault.
 *
 * @param perSecond the number of acknowledged purchases in each second
 * @param marksMs when each fault was injected, in milliseconds since the start
 */
record ThroughputChart(List<Integer> perSecond, List<Long> marksMs) {
  private static final int WIDTH = 1000;
  private static final int HEIGHT = 160;

  ThroughputChart {
    perSecond = List.copyOf(perSecond);
    marksMs = List.copyOf(marksMs);
  }

  /** The chart as an SVG element. */
  String svg() {
    int maximum = Math.max(1, perSecond.stream().mapToInt(Integer::intValue).max().orElse(1));
    double step = (double) WIDTH / Math.max(1, perSecond.size());
    return """
    <svg viewBox="0 0 %d %d" role="img" aria-label="acknowledged purchases a second">%s
    <polyline fill="none" stroke="#1a5fb4" stroke-width="1.5" points="%s"/>
    <text x="4" y="14" font-size="12">%d/s</text></svg>
    """
        .formatted(WIDTH, HEIGHT, marks(step), points(step, maximum), maximum);
  }

  private String points(double step, int maximum) {
    StringBuilder points = new StringBuilder();
    for (int second = 0; second < perSecond.size(); second++) {
      double y = HEIGHT - (double) HEIGHT * perSecond.get(second) / maximum;
      points.append(String.format(Locale.ROOT, "%.1f,%.1f ", (second + 0.5) * step, y));
    }
    return points.toString();
  }

  private String marks(double step) {
    return marksMs.stream()
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
  }
}
