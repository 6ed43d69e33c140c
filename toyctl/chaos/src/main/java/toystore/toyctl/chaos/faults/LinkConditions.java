package toystore.toyctl.chaos.faults;

import java.time.Duration;

/**
 * What happens to bytes on their way from one node to another.
 *
 * @param cut nothing arrives, and the sender is not told: bytes wait, as TCP would send them again
 * @param delay how long every byte is under way
 * @param jitter up to so much longer, drawn for each piece that was sent; the order is kept
 * @param loss how likely a piece is lost once and comes with TCP's next attempt, 200 ms later
 */
public record LinkConditions(boolean cut, Duration delay, Duration jitter, double loss) {
  public static final LinkConditions CALM =
      new LinkConditions(false, Duration.ZERO, Duration.ZERO, 0);
  public static final LinkConditions CUT =
      new LinkConditions(true, Duration.ZERO, Duration.ZERO, 0);

  public LinkConditions {
    if (delay.isNegative() || jitter.isNegative() || !(loss >= 0 && loss <= 1)) {
      throw new IllegalArgumentException("delay, jitter >= 0; loss from 0 to 1");
    }
  }

  public static LinkConditions slow(Duration delay, Duration jitter) {
    return new LinkConditions(false, delay, jitter, 0);
  }

  public static LinkConditions lossy(double loss) {
    return new LinkConditions(false, Duration.ZERO, Duration.ZERO, loss);
  }

  /** Such as "cut", "slow by 50 to 80 ms", "losing 10 %". */
  String inWords() {
    if (cut) {
      return "cut";
    }
    StringBuilder words = new StringBuilder();
    if (!delay.isZero() || !jitter.isZero()) {
      words.append("slow by ").append(delay.toMillis());
      if (!jitter.isZero()) {
        words.append(" to ").append(delay.plus(jitter).toMillis());
      }
      words.append(" ms");
    }
    if (loss > 0) {
      words.append(words.isEmpty() ? "" : ", ").append("losing ").append(Math.round(loss * 100));
      words.append(" %");
    }
    return words.isEmpty() ? "calm" : words.toString();
  }
}
