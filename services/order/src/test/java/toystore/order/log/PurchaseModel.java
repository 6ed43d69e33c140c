package toystore.order.log;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import toystore.order.log.OrderLogCommand.Duplicate;
import toystore.order.log.OrderLogCommand.Entry;
import toystore.order.log.OrderLogCommand.Numbered;
import toystore.order.log.OrderLogCommand.Outcome;
import toystore.order.log.OrderLogCommand.Voided;
import toystore.order.log.OrderNumbering.Append;
import toystore.order.log.OrderNumbering.Refuse;
import toystore.order.log.OrderNumbering.Repeat;
import toystore.tests.models.ModelCatalog;
import toystore.tests.models.ModelState;

/**
 * One state of the purchase protocol for one order id, and all states that can follow it. The model
 * contains a front end that retries at two leaders, these leaders, the catalog, one order log, and
 * all messages.
 *
 * <p>A message that was sent can be delivered at any later time, any number of times, or never. So
 * the search covers every delay, repetition and loss by a network. With {@link Setup#losses}
 * messages can also be removed, so that the search reaches states at rest.
 *
 * <p>{@link OrderNumbering} makes the decisions of the log. The steps of a leader are those of
 * {@code PurchaseService}; a crash is possible between any two of them.
 */
final class PurchaseModel implements ModelState<PurchaseModel>, OrderNumbering.LogView {
  /** A fault to plant in the protocol, so that a test can show that the search finds it. */
  enum Fault {
    NONE,
    RESOLUTION_WITHOUT_TOMBSTONE,
    NO_DEDUPLICATION,
    DUPLICATE_RELEASES_THE_HOLD_THAT_THE_ORDER_NAMES,
    PRUNED_WITHOUT_HORIZON,
    CATALOG_FORGETS_ENDED_HOLDS
  }

  /**
   * The parameters of a search.
   *
   * @param stock pieces on hand at the start; each hold takes one
   * @param holdsEach maximum number of holds that each leader asks for
   * @param losses whether messages can be removed
   */
  record Setup(int stock, int holdsEach, boolean losses, Fault fault) {
    int holds() {
      return LEADERS * holdsEach;
    }
  }

  static final int LEADERS = 2;
  private static final int MAX_HOLDS = 4;
  private static final UUID ORDER = new UUID(0x7000, 0);
  private static final UUID[] HOLD_IDS = new UUID[MAX_HOLDS];
  private static final OrderRow[] ROWS = new OrderRow[MAX_HOLDS];

  /** Entries by hold: the first was asked for before the prune, the second after it. */
  private static final Entry[][] ENTRIES = new Entry[MAX_HOLDS][2];

  private static final long BEFORE_PRUNE_MS = 1;
  private static final long AFTER_PRUNE_MS = 2;

  static {
    for (int h = 0; h < MAX_HOLDS; h++) {
      HOLD_IDS[h] = new UUID(0x7000, h + 1);
      ENTRIES[h][0] = new Entry(ORDER, HOLD_IDS[h], "Tux", 1, 1599, 1, BEFORE_PRUNE_MS);
      ENTRIES[h][1] = new Entry(ORDER, HOLD_IDS[h], "Tux", 1, 1599, 1, AFTER_PRUNE_MS);
      ROWS[h] = new OrderRow(0, ORDER, HOLD_IDS[h], "Tux", 1, 1599, 1, 0, 0, OrderRow.Hash.START);
    }
  }

  /** The phases of a leader with its latest hold. */
  private static final int IDLE = 0;

  private static final int ASKED = 1;
  private static final int PROPOSED = 2;

  private final Setup setup;
  private final ModelCatalog catalog;

  // The order log. A set of holds is a bit mask.
  private int orders;
  private int named;
  private int tombstones;
  private boolean pruned;

  /** The holds that were asked for before the prune. */
  private int early;

  // The leaders: how many holds each has asked for, and its phase with the last one.
  private final int[] made = new int[LEADERS];
  private final int[] phase = new int[LEADERS];

  /** Answers in transit to each leader about its latest hold: one bit for each kind of answer. */
  private final int[] answers = new int[LEADERS];

  // Messages in transit, as sets of holds.
  private int holdRequests;
  private int entries;
  private int resolutions;
  private int settlements;
  private int releases;

  /** The step that led to this state. */
  private final String step;

  PurchaseModel(Setup setup) {
    this.setup = setup;
    this.catalog = new ModelCatalog(setup.stock(), setup.holds());
    this.step = "start";
  }

  private PurchaseModel(PurchaseModel from, String step) {
    this.setup = from.setup;
    this.catalog = from.catalog.copy();
    this.orders = from.orders;
    this.named = from.named;
    this.tombstones = from.tombstones;
    this.pruned = from.pruned;
    this.early = from.early;
    for (int l = 0; l < LEADERS; l++) {
      this.made[l] = from.made[l];
      this.phase[l] = from.phase[l];
      this.answers[l] = from.answers[l];
    }
    this.holdRequests = from.holdRequests;
    this.entries = from.entries;
    this.resolutions = from.resolutions;
    this.settlements = from.settlements;
    this.releases = from.releases;
    this.step = step;
  }

  @Override
  public void successors(Consumer<PurchaseModel> each) {
    for (int l = 0; l < LEADERS; l++) {
      leaderSteps(l, each);
    }
    for (int h = 0; h < setup.holds(); h++) {
      catalogSteps(h, each);
      logSteps(h, each);
      if (setup.losses()) {
        lossesOf(h, each);
      }
    }
    if (!pruned && tombstones != 0) {
      PurchaseModel next = new PurchaseModel(this, "prune");
      next.prune();
      each.accept(next);
    }
  }

  private void leaderSteps(int l, Consumer<PurchaseModel> each) {
    if (phase[l] == IDLE && made[l] < setup.holdsEach()) {
      PurchaseModel next = new PurchaseModel(this, STEPS.holdRequests[l]);
      next.ask(l);
      each.accept(next);
    }
    if (phase[l] != IDLE) {
      PurchaseModel next = new PurchaseModel(this, STEPS.crashes[l]);
      next.idle(l);
      each.accept(next);
    }
    if (phase[l] == ASKED) {
      for (ModelCatalog.Answer answer : ModelCatalog.Answer.values()) {
        if (has(answers[l], answer.code())) {
          PurchaseModel next = new PurchaseModel(this, STEPS.receives[l][answer.code()]);
          next.receive(l, answer);
          each.accept(next);
        }
      }
    }
  }

  private void catalogSteps(int h, Consumer<PurchaseModel> each) {
    if (has(holdRequests, h)) {
      PurchaseModel next = new PurchaseModel(this, STEPS.holds[h]);
      ModelCatalog.Answer answer = next.catalog.hold(h);
      int l = leaderOf(h);
      if (phase[l] == ASKED && latest(l) == h) {
        next.answers[l] = with(answers[l], answer.code());
      }
      each.accept(next);
    }
    if (has(settlements, h)) {
      PurchaseModel next = new PurchaseModel(this, STEPS.settles[h]);
      next.catalog.settle(h);
      each.accept(next);
    }
    if (has(releases, h)) {
      PurchaseModel next = new PurchaseModel(this, STEPS.releases[h]);
      next.catalog.release(h);
      each.accept(next);
    }
    if (catalog.status(h) == ModelCatalog.Status.OPEN && !has(resolutions, h)) {
      PurchaseModel next = new PurchaseModel(this, STEPS.doubts[h]);
      next.resolutions = with(resolutions, h);
      each.accept(next);
    }
    if (setup.fault() == Fault.CATALOG_FORGETS_ENDED_HOLDS) {
      PurchaseModel next = new PurchaseModel(this, STEPS.forgets[h]);
      next.catalog.forget(h);
      each.accept(next);
    }
  }

  private void logSteps(int h, Consumer<PurchaseModel> each) {
    if (has(entries, h)) {
      PurchaseModel next = new PurchaseModel(this, STEPS.appends[h]);
      Outcome outcome = next.apply(h);
      each.accept(next);
      int l = leaderOf(h);
      if (phase[l] == PROPOSED && latest(l) == h) {
        PurchaseModel concluded = new PurchaseModel(next, STEPS.concludes[h]);
        concluded.conclude(l, h, outcome);
        each.accept(concluded);
      }
    }
    if (has(resolutions, h)) {
      PurchaseModel next = new PurchaseModel(this, STEPS.resolves[h]);
      next.resolve(h);
      each.accept(next);
    }
  }

  private void lossesOf(int h, Consumer<PurchaseModel> each) {
    for (int kind = 0; kind < 6; kind++) {
      PurchaseModel next = new PurchaseModel(this, STEPS.losses[kind][h]);
      switch (kind) {
        case 0 -> next.holdRequests = without(holdRequests, h);
        case 1 -> next.entries = without(entries, h);
        case 2 -> next.resolutions = without(resolutions, h);
        case 3 -> next.settlements = without(settlements, h);
        case 4 -> next.releases = without(releases, h);
        default -> {
          if (latest(leaderOf(h)) == h) {
            next.answers[leaderOf(h)] = 0;
          }
        }
      }
      each.accept(next);
    }
  }

  // The steps of a leader.

  private void ask(int l) {
    int h = l * setup.holdsEach() + made[l];
    made[l]++;
    phase[l] = ASKED;
    answers[l] = 0;
    holdRequests = with(holdRequests, h);
    if (!pruned) {
      early = with(early, h);
    }
  }

  private void idle(int l) {
    phase[l] = IDLE;
    answers[l] = 0;
  }

  private void retry(int l) {
    idle(l);
    if (made[l] < setup.holdsEach()) {
      ask(l);
    }
  }

  private void receive(int l, ModelCatalog.Answer answer) {
    switch (answer) {
      case GRANTED -> {
        phase[l] = PROPOSED;
        answers[l] = 0;
        entries = with(entries, latest(l));
      }
      case NOT_ENOUGH -> idle(l);
      case OVER -> retry(l);
    }
  }

  private void conclude(int l, int h, Outcome outcome) {
    if (releasesOwnHold(outcome, HOLD_IDS[h])) {
      releases = with(releases, h);
    } else {
      settlements = with(settlements, h);
    }
    if (outcome instanceof Voided) {
      retry(l);
    } else {
      idle(l);
    }
  }

  private boolean releasesOwnHold(Outcome outcome, UUID holdId) {
    return setup.fault() == Fault.DUPLICATE_RELEASES_THE_HOLD_THAT_THE_ORDER_NAMES
        ? !(outcome instanceof Numbered)
        : OrderNumbering.releasesOwnHold(outcome, holdId);
  }

  // Applying entries, as in OrderStateMachine.

  private Outcome apply(int h) {
    return switch (OrderNumbering.decide(this, ENTRIES[h][has(early, h) ? 0 : 1])) {
      case Repeat repeat -> new Duplicate(repeat.row());
      case Refuse refuse -> new Voided();
      case Append append -> {
        named = with(named, h);
        yield new Numbered(orders++);
      }
    };
  }

  private void resolve(int h) {
    if (OrderNumbering.settles(this, HOLD_IDS[h], ORDER)) {
      settlements = with(settlements, h);
      return;
    }
    releases = with(releases, h);
    if (setup.fault() != Fault.RESOLUTION_WITHOUT_TOMBSTONE) {
      tombstones = with(tombstones, h);
    }
  }

  private void prune() {
    pruned = true;
    tombstones = 0;
  }

  @Override
  public @Nullable OrderRow byOrderId(UUID orderId) {
    return named == 0 || setup.fault() == Fault.NO_DEDUPLICATION
        ? null
        : ROWS[Integer.numberOfTrailingZeros(named)];
  }

  @Override
  public boolean isTombstoned(UUID holdId) {
    return has(tombstones, hold(holdId));
  }

  @Override
  public long prunedBeforeMs() {
    return pruned && setup.fault() != Fault.PRUNED_WITHOUT_HORIZON ? AFTER_PRUNE_MS : 0;
  }

  private static int hold(UUID holdId) {
    return (int) holdId.getLeastSignificantBits() - 1;
  }

  private int leaderOf(int h) {
    return h / setup.holdsEach();
  }

  private int latest(int l) {
    return l * setup.holdsEach() + made[l] - 1;
  }

  private static boolean has(int set, int element) {
    return (set >> element & 1) != 0;
  }

  private static int with(int set, int element) {
    return set | 1 << element;
  }

  private static int without(int set, int element) {
    return set & ~(1 << element);
  }

  // Invariants.

  @Override
  public @Nullable String violation() {
    if (orders > 1) {
      return "the order id was ordered twice";
    }
    if (catalog.onHand() < 0
        || catalog.held() < 0
        || catalog.sold() < 0
        || catalog.stocked() != catalog.onHand() + catalog.held() + catalog.sold()) {
      return "the stock does not add up";
    }
    for (int h = 0; h < setup.holds(); h++) {
      ModelCatalog.Status status = catalog.status(h);
      if (status == ModelCatalog.Status.SETTLED && !has(named, h)) {
        return "hold " + h + " is settled and no order names it";
      }
      if (has(named, h) && status == ModelCatalog.Status.RELEASED) {
        return "an order names hold " + h + ", which is released";
      }
      if (has(named, h) && has(tombstones, h)) {
        return "an order names hold " + h + ", which has a tombstone";
      }
    }
    return violationAtRest();
  }

  /** Checks the state that follows if all messages are lost and all doubtful holds resolved. */
  private @Nullable String violationAtRest() {
    ModelCatalog rested = catalog.copy();
    for (int h = 0; h < setup.holds(); h++) {
      if (rested.status(h) == ModelCatalog.Status.OPEN) {
        if (OrderNumbering.settles(this, HOLD_IDS[h], ORDER)) {
          rested.settle(h);
        } else {
          rested.release(h);
        }
      }
    }
    if (rested.sold() != orders || rested.held() != 0) {
      return "at rest " + rested.sold() + " are sold and " + orders + " ordered";
    }
    for (int h = 0; h < setup.holds(); h++) {
      if ((rested.status(h) == ModelCatalog.Status.SETTLED) != has(named, h)) {
        return "at rest the settled holds are not those that orders name";
      }
    }
    return null;
  }

  /** Whether no message is in transit and no hold is open. */
  boolean atRest() {
    return (holdRequests | entries | resolutions | settlements | releases) == 0
        && phase[0] == IDLE
        && phase[1] == IDLE
        && catalog.held() == 0;
  }

  boolean ordered() {
    return orders > 0;
  }

  /**
   * The whole state as one number. The two leaders are interchangeable, so of two mirror images
   * only one is explored.
   */
  @Override
  public long key() {
    return Math.min(key(0, 1), key(1, 0));
  }

  private long key(int first, int second) {
    Packed packed = new Packed();
    packed.add(orders, 2);
    packed.add(pruned ? 1 : 0, 1);
    packed.add(catalog.onHand(), 2);
    packed.add(catalog.sold(), 2);
    for (int l : new int[] {first, second}) {
      packed.add(made[l], 2);
      packed.add(phase[l], 2);
      packed.add(answers[l], 3);
      for (int h = l * setup.holdsEach(); h < (l + 1) * setup.holdsEach(); h++) {
        packed.add(catalog.status(h).code(), 2);
        for (int set :
            new int[] {
              holdRequests, entries, resolutions, settlements, releases, named, tombstones, early
            }) {
          packed.add(has(set, h) ? 1 : 0, 1);
        }
      }
    }
    return packed.bits;
  }

  /** Packs small numbers into one long. */
  private static final class Packed {
    private long bits;
    private int used;

    void add(int value, int width) {
      if (value < 0 || value >= 1 << width || used + width > Long.SIZE) {
        throw new IllegalStateException(value + " does not fit " + width + " bits");
      }
      bits = (bits << width) | value;
      used += width;
    }
  }

  @Override
  public String describeStep(int index) {
    List<String> steps = new ArrayList<>();
    successors(next -> steps.add(next.step));
    return steps.get(index);
  }

  /** The description of each step, created once. */
  private static final Steps STEPS = new Steps();

  private static final class Steps {
    final String[] holdRequests = each(LEADERS, "leader %d asks for a hold");
    final String[] crashes = each(LEADERS, "leader %d crashes or abandons the purchase");
    final String[][] receives = new String[LEADERS][ModelCatalog.Answer.values().length];
    final String[] holds = each(MAX_HOLDS, "the catalog is asked for hold %d");
    final String[] settles = each(MAX_HOLDS, "the catalog settles hold %d");
    final String[] releases = each(MAX_HOLDS, "the catalog releases hold %d");
    final String[] doubts = each(MAX_HOLDS, "hold %d becomes doubtful");
    final String[] forgets = each(MAX_HOLDS, "the catalog forgets hold %d");
    final String[] appends = each(MAX_HOLDS, "the log applies the entry of hold %d");
    final String[] concludes =
        each(MAX_HOLDS, "the leader receives the outcome of the entry of hold %d");
    final String[] resolves = each(MAX_HOLDS, "the log resolves hold %d");
    final String[][] losses = new String[6][];

    Steps() {
      for (int l = 0; l < LEADERS; l++) {
        for (ModelCatalog.Answer answer : ModelCatalog.Answer.values()) {
          receives[l][answer.code()] = "leader " + l + " receives " + answer;
        }
      }
      for (int kind = 0; kind < losses.length; kind++) {
        losses[kind] = each(MAX_HOLDS, "a message about hold %d is lost");
      }
    }

    private static String[] each(int count, String format) {
      String[] descriptions = new String[count];
      for (int i = 0; i < count; i++) {
        descriptions[i] = format.replace("%d", Integer.toString(i));
      }
      return descriptions;
    }
  }
}
