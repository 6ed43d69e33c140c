package toystore.toyctl.chaos.faults;

import java.time.Duration;

/**
 * The conditions in one direction of the network between two nodes.
 *
 * @param cut whether nothing arrives. The sender sees no error: bytes wait until the link is open
 *     again, as if TCP retransmitted them
 * @param delay the delay of every byte
 * @param jitter the largest additional delay, drawn at random for each chunk; the order of chunks
 *     is kept
 * @param loss the probability that a chunk is lost and arrives with TCP's retransmission, 200 ms
 *     later
 */
public record LinkConditions(boolean cut, Duration delay, Duration jitter, double loss) {
  public static final LinkConditions NORMAL =
      new LinkConditions(false, Duration.ZERO, Duration.ZERO, 0);
  public static final LinkConditions CUT =
      new LinkConditions(true, Duration.ZERO, Duration.ZERO, 0);

  public LinkConditions {
    if (delay.isNegative() || jitter.isNegative() || !(loss >= 0 && loss <= 1)) {
      throw new IllegalArgumentException(
          "delay and jitter must not be negative; loss must be from 0 to 1");
    }
  }

  public static LinkConditions slow(Duration delay, Duration jitter) {
    return new LinkConditions(false, delay, jitter, 0);
  }

  public static LinkConditions lossy(double loss) {
    return new LinkConditions(false, Duration.ZERO, Duration.ZERO, loss);
  }

  /** For example "cut", "delayed by 50 to 80 ms", or "losing 10 %". */
  String inWords() {
    if (cut) {
      return "cut";
    }
    StringBuilder words = new StringBuilder();
    if (!delay.isZero() || !jitter.isZero()) {
      words.append("delayed by ").append(delay.toMillis());
      if (!jitter.isZero()) {
        words.append(" to ").append(delay.plus(jitter).toMillis());
      }
      words.append(" ms");
    }
    if (loss > 0) {
      words.append(words.isEmpty() ? "" : ", ").append("losing ").append(Math.round(loss * 100));
      words.append(" %");
    }
    return words.isEmpty() ? "normal" : words.toString();
  }
}
