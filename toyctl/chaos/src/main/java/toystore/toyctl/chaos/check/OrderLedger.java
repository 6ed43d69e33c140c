package toystore.toyctl.chaos.check;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import toystore.protocol.message.LoggedOrder;

/**
 * What was asked for and what was answered, to be compared with the order log: acknowledged orders
 * are there, once, under their numbers; nothing else is; numbers are dense (promises P1, P2, P6).
 */
public final class OrderLedger {
  private record Asked(String name, int quantity) {}

  private final Findings findings;
  private final Map<UUID, Asked> asked = new ConcurrentHashMap<>();
  private final Map<UUID, Long> acknowledged = new ConcurrentHashMap<>();
  private final Set<UUID> refused = ConcurrentHashMap.newKeySet();

  public OrderLedger(Findings findings) {
    this.findings = findings;
  }

  /** A purchase is about to be asked for. */
  public void asked(UUID orderId, String name, int quantity) {
    asked.put(orderId, new Asked(name, quantity));
  }

  /** A purchase was answered with an order number; repetitions must get the same one. */
  public void acknowledged(UUID orderId, long number) {
    Long before = acknowledged.putIfAbsent(orderId, number);
    if (before != null && before != number) {
      findings.add("one key was answered with order " + before + " and with order " + number);
    }
  }

  /** A purchase was answered with a refusal: it must never be in the log. */
  public void refused(UUID orderId) {
    refused.add(orderId);
  }

  public long acknowledged() {
    return acknowledged.size();
  }

  /** Purchases that were asked for and never answered in any way that decides them. */
  public long undecided() {
    return asked.keySet().stream()
        .filter(id -> !acknowledged.containsKey(id) && !refused.contains(id))
        .count();
  }

  /**
   * Begins a comparison with what is acknowledged by now; the rows must be of a later moment.
   *
   * @param alone nobody else buys here, so that every row must be of a purchase known here
   */
  public Audit audit(boolean alone) {
    return new Audit(new HashMap<>(acknowledged), alone);
  }

  /**
   * What a comparison came to.
   *
   * @param acknowledged orders that clients were told of
   * @param found those of them that are in the log as they were told
   * @param lost those that are not there at all
   * @param duplicated rows whose order id is there already
   * @param wrong rows with another number, product or quantity than the client was told or asked
   *     for, rows that nobody asked for, and rows of refused purchases
   * @param gaps numbers that are missing, or not in their order
   */
  public record Result(
      long acknowledged, long found, long lost, long duplicated, long wrong, long gaps) {
    public boolean clean() {
      return lost == 0 && duplicated == 0 && wrong == 0 && gaps == 0 && found == acknowledged;
    }
  }

  /** A comparison with one log, row by row from the first on. */
  public final class Audit {
    private final Map<UUID, Long> expected;
    private final boolean alone;
    private final long acknowledged;
    private final Set<UUID> seen = new HashSet<>();
    private long next;
    private long found;
    private long duplicated;
    private long wrong;
    private long gaps;

    private Audit(Map<UUID, Long> expected, boolean alone) {
      this.expected = expected;
      this.alone = alone;
      this.acknowledged = expected.size();
    }

    /** The next row of the log. */
    public void row(LoggedOrder row) {
      if (row.number() != next) {
        gaps++;
        findings.add("where order " + next + " belongs there is order " + row.number());
      }
      next = row.number() + 1;
      if (!seen.add(row.orderId())) {
        duplicated++;
        findings.add("order " + row.number() + " has the order id of an earlier one");
        return;
      }
      Long told = expected.remove(row.orderId());
      String complaint = complaint(row, told);
      if (complaint != null) {
        wrong++;
        findings.add("order " + row.number() + complaint);
      } else if (told != null) {
        found++;
      }
    }

    private @Nullable String complaint(LoggedOrder row, @Nullable Long told) {
      if (told != null && told != row.number()) {
        return " was told as order " + told;
      }
      if (refused.contains(row.orderId())) {
        return " is there although the purchase was refused";
      }
      Asked wanted = asked.get(row.orderId());
      if (wanted == null) {
        return alone ? " is there although nobody asked for it" : null;
      }
      return wanted.name.equals(row.name()) && wanted.quantity == row.quantity()
          ? null
          : " is " + row.quantity() + " " + row.name() + ", asked for was " + wanted;
    }

    /** After the last row. */
    public Result finish() {
      expected.forEach((id, number) -> findings.add("order " + number + " is lost"));
      return new Result(acknowledged, found, expected.size(), duplicated, wrong, gaps);
    }
  }
}
