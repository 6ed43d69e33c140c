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
 * Records each requested purchase and its outcome, for a comparison with the order log (promises
 * P1, P2, P6). The log must contain each acknowledged order once and under its number, must not
 * contain orders that no client requested, and must have no gaps in its numbers.
 */
public final class AcknowledgedOrders {
  private record Requested(String name, int quantity) {}

  private final Violations violations;
  private final Map<UUID, Requested> requested = new ConcurrentHashMap<>();
  private final Map<UUID, Long> acknowledged = new ConcurrentHashMap<>();
  private final Set<UUID> refused = ConcurrentHashMap.newKeySet();

  public AcknowledgedOrders(Violations violations) {
    this.violations = violations;
  }

  /** Records a purchase before the first request for it is sent. */
  public void requested(UUID orderId, String name, int quantity) {
    requested.put(orderId, new Requested(name, quantity));
  }

  /** Records the order number in a response. Repetitions must return the same number. */
  public void acknowledged(UUID orderId, long number) {
    Long before = acknowledged.putIfAbsent(orderId, number);
    if (before != null && before != number) {
      violations.add(
          "the same key was answered with order " + before + " and with order " + number);
    }
  }

  /** Records that a purchase was refused. It must never appear in the log. */
  public void refused(UUID orderId) {
    refused.add(orderId);
  }

  /** The number of acknowledged purchases. */
  public long acknowledged() {
    return acknowledged.size();
  }

  /** The number of requested purchases that were neither acknowledged nor refused. */
  public long undecided() {
    return requested.keySet().stream()
        .filter(id -> !acknowledged.containsKey(id) && !refused.contains(id))
        .count();
  }

  /**
   * Begins a comparison with the purchases that are acknowledged now. The rows must be read from
   * the log later.
   *
   * @param soleClients whether no other clients buy in the store, so that each row must belong to a
   *     requested purchase
   */
  public Audit audit(boolean soleClients) {
    return new Audit(new HashMap<>(acknowledged), soleClients);
  }

  /**
   * The result of a comparison.
   *
   * @param acknowledged the number of acknowledged orders
   * @param found the number of acknowledged orders that the log contains unchanged
   * @param lost the number of acknowledged orders that the log does not contain
   * @param duplicated the number of rows whose order id is already in an earlier row
   * @param wrong the number of rows with another number, product or quantity than in the response
   *     or request, of rows that no client requested, and of rows of refused purchases
   * @param gaps the number of rows that do not have the next number
   */
  public record Result(
      long acknowledged, long found, long lost, long duplicated, long wrong, long gaps) {
    public boolean clean() {
      return lost == 0 && duplicated == 0 && wrong == 0 && gaps == 0 && found == acknowledged;
    }
  }

  /** Compares the ledger with one log, row by row from the first row. */
  public final class Audit {
    private final Map<UUID, Long> expected;
    private final boolean soleClients;
    private final long acknowledged;
    private final Set<UUID> seen = new HashSet<>();
    private long next;
    private long found;
    private long duplicated;
    private long wrong;
    private long gaps;

    private Audit(Map<UUID, Long> expected, boolean soleClients) {
      this.expected = expected;
      this.soleClients = soleClients;
      this.acknowledged = expected.size();
    }

    /** Checks the next row of the log. */
    public void row(LoggedOrder row) {
      if (row.number() != next) {
        gaps++;
        violations.add("the log contains order " + row.number() + " in the place of order " + next);
      }
      next = row.number() + 1;
      if (!seen.add(row.orderId())) {
        duplicated++;
        violations.add("order " + row.number() + " has the order id of an earlier order");
        return;
      }
      Long number = expected.remove(row.orderId());
      String problem = problem(row, number);
      if (problem != null) {
        wrong++;
        violations.add("order " + row.number() + problem);
      } else if (number != null) {
        found++;
      }
    }

    private @Nullable String problem(LoggedOrder row, @Nullable Long number) {
      if (number != null && number != row.number()) {
        return " was acknowledged as order " + number;
      }
      if (refused.contains(row.orderId())) {
        return " is in the log although the purchase was refused";
      }
      Requested request = requested.get(row.orderId());
      if (request == null) {
        return soleClients ? " is in the log although no client requested it" : null;
      }
      return request.name.equals(row.name()) && request.quantity == row.quantity()
          ? null
          : " is for " + row.quantity() + " " + row.name() + ", but the request was " + request;
    }

    /** Ends the comparison after the last row. */
    public Result finish() {
      expected.forEach((id, number) -> violations.add("order " + number + " is lost"));
      return new Result(acknowledged, found, expected.size(), duplicated, wrong, gaps);
    }
  }
}
