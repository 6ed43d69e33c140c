package toystore.cache;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import toystore.cache.CacheModelMessage.InvalidationRequest;
import toystore.cache.CacheModelMessage.InvalidationResponse;
import toystore.cache.CacheModelMessage.LeaseRequest;
import toystore.cache.CacheModelMessage.LeaseResponse;
import toystore.cache.CacheModelMessage.ReadRequest;
import toystore.cache.CacheModelMessage.ReadResponse;
import toystore.protocol.api.Price;
import toystore.protocol.api.Product;
import toystore.protocol.message.CacheLeaseMessages;
import toystore.protocol.message.ProductReadRequest;
import toystore.tests.models.ModelState;

/**
 * One state of two front ends, a catalog and the messages between them, and all states that can
 * follow it. The production classes make all decisions. The model replaces {@code ChangePublisher},
 * {@code LeaseRenewer} and the service of the catalog, and carries out the decisions in any order.
 *
 * <p>A lost message is a message that is never delivered. A front end hangs while no message to it
 * is delivered. A repeated call is a message that is delivered twice. So the orders of messages
 * include all of these.
 */
final class CacheModel implements ModelState<CacheModel> {
  static final String TUX = "Tux";
  private static final Duration TICK = Duration.ofSeconds(1);
  private static final Duration LEASE = TICK.multipliedBy(2);
  private static final int FRONT_ENDS = 2;

  /** The kinds of steps. */
  private enum Action {
    TIME_PASSES,
    ANNOUNCE,
    ANNOUNCE_COMMITTED,
    BEGIN_ROUND,
    COMMIT,
    COMMIT_UNANNOUNCED,
    LOSE_OUTCOME,
    PUBLISH,
    CRASH_CATALOG,
    LOSE_LEADERSHIP,
    OPEN,
    REQUEST_LEASE,
    REPEAT_REQUEST,
    MISS,
    CRASH_FRONT_END,
    DELIVER,
    DELIVER_AND_REPEAT
  }

  /**
   * One possible step.
   *
   * @param index the command, front end or message that the step is about
   */
  record Step(Action action, int index) {
    @Override
    public String toString() {
      return action.name().toLowerCase(Locale.ROOT).replace('_', ' ') + " " + index;
    }
  }

  /** Shared by all states of a search, which has one thread. Set before any decision is made. */
  final ManualTicker clock;

  private final PlantedCacheFlaw flaw;
  final CacheModelFrontEnd[] frontEnds;
  CacheModelCatalog catalog;
  final List<CacheModelMessage> messages;
  final CacheModelBudget budget;
  private int ticksPassed;
  int catalogsStarted = 1;

  /** The version of the product in the log, which survives every crash. */
  int applied = 1;

  /** The latest version that any reader could see or was sold. */
  int seen = 1;

  CacheModel(CacheModelBudget budget, PlantedCacheFlaw flaw) {
    this.clock = new ManualTicker();
    this.flaw = flaw;
    this.budget = new CacheModelBudget(budget);
    this.frontEnds = new CacheModelFrontEnd[FRONT_ENDS];
    for (int i = 0; i < FRONT_ENDS; i++) {
      frontEnds[i] = new CacheModelFrontEnd(i, flaw, clock);
    }
    this.catalog = new CacheModelCatalog(flaw, clock, LEASE, new UUID(FRONT_ENDS, 1));
    this.messages = List.of();
    // The first start of a catalog: there are no earlier leases to wait for.
    open();
  }

  /** Creates a copy. It shares front ends and catalog until {@link #own} or {@link #ownCatalog}. */
  private CacheModel(CacheModel other) {
    this.clock = other.clock;
    this.flaw = other.flaw;
    this.frontEnds = other.frontEnds.clone();
    this.catalog = other.catalog;
    this.messages = new ArrayList<>(other.messages);
    this.budget = new CacheModelBudget(other.budget);
    this.ticksPassed = other.ticksPassed;
    this.catalogsStarted = other.catalogsStarted;
    this.applied = other.applied;
    this.seen = other.seen;
  }

  private CacheModelFrontEnd own(int number) {
    frontEnds[number] = new CacheModelFrontEnd(frontEnds[number]);
    return frontEnds[number];
  }

  private CacheModelCatalog ownCatalog() {
    catalog = new CacheModelCatalog(catalog);
    return catalog;
  }

  private static Product.Versioned tux(int version) {
    return new Product.Versioned(new Product(TUX, new Price(1599), 100 - version), version);
  }

  private void setClock() {
    clock.set(TICK.multipliedBy(ticksPassed));
  }

  // The possible steps.

  @Override
  public void successors(Consumer<CacheModel> each) {
    for (Step step : steps()) {
      each.accept(after(step));
    }
  }

  @Override
  public String describeStep(int index) {
    Step step = steps().get(index);
    return step.action() == Action.DELIVER || step.action() == Action.DELIVER_AND_REPEAT
        ? step + ": " + messages.get(step.index())
        : step.toString();
  }

  /** All steps that are possible in this state. */
  private List<Step> steps() {
    setClock();
    List<Step> steps = new ArrayList<>();
    add(steps, budget.ticks > 0, Action.TIME_PASSES, 0);
    addCatalogSteps(steps);
    for (int i = 0; i < FRONT_ENDS; i++) {
      CacheModelFrontEnd frontEnd = frontEnds[i];
      if (budget.renewals > 0 && needsLease(frontEnd)) {
        add(steps, true, Action.REQUEST_LEASE, i);
        boolean inTransit = messages.stream().anyMatch(m -> isCurrentRequest(m, frontEnd));
        add(steps, budget.repetitions > 0 && inTransit, Action.REPEAT_REQUEST, i);
      }
      add(steps, budget.misses > 0 && canFill(frontEnd), Action.MISS, i);
      add(steps, budget.frontEndCrashes > 0, Action.CRASH_FRONT_END, i);
    }
    for (int i = 0; i < messages.size(); i++) {
      CacheModelMessage message = messages.get(i);
      boolean request = message instanceof LeaseRequest || message instanceof ReadRequest;
      // Requests wait while the catalog is closed. After a loss of leadership it may still process
      // requests that it accepted before.
      boolean delivered = catalog.open || catalog.wasOpen || !request;
      boolean repeatable = budget.repetitions > 0 && message instanceof LeaseRequest;
      add(steps, delivered, Action.DELIVER, i);
      add(steps, delivered && repeatable, Action.DELIVER_AND_REPEAT, i);
    }
    return steps;
  }

  private void addCatalogSteps(List<Step> steps) {
    boolean open = catalog.open;
    boolean canAnnounce = budget.changes > 0 && open;
    add(steps, canAnnounce, Action.ANNOUNCE, 0);
    boolean unpublished = canAnnounce && catalog.published.isNewer(tux(applied));
    add(steps, unpublished, Action.ANNOUNCE_COMMITTED, 0);
    add(steps, budget.unannounced > 0, Action.COMMIT_UNANNOUNCED, 0);
    boolean roundDue =
        catalog.round == null
            && catalog.commands.stream().anyMatch(CacheModelCatalog.Command::waitsForRound);
    add(steps, roundDue, Action.BEGIN_ROUND, 0);
    for (int i = 0; i < catalog.commands.size(); i++) {
      CacheModelCatalog.Command command = catalog.commands.get(i);
      boolean committed = command.version > 0;
      add(steps, !committed, Action.COMMIT, i);
      add(steps, budget.unknownOutcomes > 0, Action.LOSE_OUTCOME, i);
      boolean publishable =
          command.change.stage() == PendingChange.Stage.INVALIDATED
              || !catalog.published.isNewer(tux(command.version));
      add(steps, committed && publishable, Action.PUBLISH, i);
    }
    add(steps, budget.catalogCrashes > 0, Action.CRASH_CATALOG, 0);
    add(steps, budget.leadershipLosses > 0 && open, Action.LOSE_LEADERSHIP, 0);
    add(steps, !open && !catalog.sessions.untilOpen().isPositive(), Action.OPEN, 0);
  }

  private static void add(List<Step> steps, boolean possible, Action action, int index) {
    if (possible) {
      steps.add(new Step(action, index));
    }
  }

  /** False if another renewal at the same time could not have a different result. */
  private boolean needsLease(CacheModelFrontEnd frontEnd) {
    HeldSession session = frontEnd.cache.session;
    return (session.catalog == null || session.leaseEndsNanos - clock.read() < LEASE.toNanos())
        && messages.stream()
            .noneMatch(m -> isCurrentRequest(m, frontEnd) && age(((LeaseRequest) m).renewal()) == 0)
        && messages.stream()
            .noneMatch(m -> isResponseTo(m, frontEnd) && age(((LeaseResponse) m).renewal()) == 0);
  }

  private static boolean isCurrentRequest(CacheModelMessage message, CacheModelFrontEnd frontEnd) {
    return message instanceof LeaseRequest request
        && request.frontEnd() == frontEnd.number
        && request.call() == frontEnd.call;
  }

  private static boolean isResponseTo(CacheModelMessage message, CacheModelFrontEnd frontEnd) {
    return message instanceof LeaseResponse response && response.frontEnd() == frontEnd.number;
  }

  /** The age of a renewal. All renewals are equal that are older than a lease. */
  long age(ProductCache.PendingRenewal renewal) {
    return Math.min(clock.read() - renewal.nanos(), LEASE.toNanos());
  }

  /**
   * Whether a miss at this time could fill the cache. Other misses only show a published state
   * once, and {@link #violation} checks every published state.
   */
  private boolean canFill(CacheModelFrontEnd frontEnd) {
    return frontEnd.cache.get(TUX) == null && canFill(frontEnd.cache.beginMiss(TUX));
  }

  private boolean canFill(ProductCache.Miss miss) {
    ProductCache cache = frontEnds[CacheModelFrontEnd.numberOf(miss.session())].cache;
    return miss.leased()
        && miss.session().equals(cache.session.id)
        && cache.isUnchangedSince(miss, cache.session.invalidations.getOrDefault(TUX, 0L));
  }

  // The effects of the steps.

  private CacheModel after(Step step) {
    setClock();
    CacheModel next = new CacheModel(this);
    next.apply(step.action(), step.index());
    next.completeRound();
    next.dropMissesThatCannotFill();
    return next;
  }

  private void apply(Action action, int index) {
    switch (action) {
      case TIME_PASSES -> {
        budget.ticks--;
        ticksPassed++;
        setClock();
      }
      case ANNOUNCE -> announce(0);
      case ANNOUNCE_COMMITTED -> announce(applied);
      case COMMIT_UNANNOUNCED -> {
        budget.unannounced--;
        applied++;
      }
      case BEGIN_ROUND -> {
        for (CacheSessions.Recipient recipient : ownCatalog().beginRound(flaw).awaited()) {
          UUID session = recipient.session();
          messages.add(new InvalidationRequest(CacheModelFrontEnd.numberOf(session), session));
        }
      }
      case COMMIT -> ownCatalog().commands.get(index).version = ++applied;
      case LOSE_OUTCOME -> loseOutcome(index);
      case PUBLISH -> publish(index);
      case CRASH_CATALOG -> crashCatalog();
      case LOSE_LEADERSHIP -> {
        budget.leadershipLosses--;
        ownCatalog().sessions.close();
        catalog.open = false;
      }
      case OPEN -> {
        ownCatalog();
        open();
      }
      case REQUEST_LEASE -> {
        // The earlier request is lost. REPEAT_REQUEST is the step that keeps it.
        messages.removeIf(m -> isCurrentRequest(m, frontEnds[index]));
        requestLease(own(index));
      }
      case REPEAT_REQUEST -> {
        budget.repetitions--;
        requestLease(own(index));
      }
      case MISS -> {
        budget.misses--;
        messages.add(new ReadRequest(index, own(index).cache.beginMiss(TUX)));
      }
      case CRASH_FRONT_END -> crash(own(index));
      case DELIVER -> deliver(messages.remove(index));
      case DELIVER_AND_REPEAT -> {
        budget.repetitions--;
        deliver(messages.get(index));
      }
    }
  }

  private void announce(int version) {
    budget.changes--;
    CacheModelCatalog mine = ownCatalog();
    PendingChange change = new PendingChange(mine.published, List.of(TUX));
    mine.commands.add(new CacheModelCatalog.Command(change, version));
  }

  /** Completes a round as soon as possible: before that, only fewer steps are possible. */
  private void completeRound() {
    if (catalog.round != null && ownCatalog().completeRound()) {
      dropInvalidations();
    }
  }

  /** Drops the messages of an earlier round, which could only remove entries from a cache. */
  private void dropInvalidations() {
    messages.removeIf(m -> m instanceof InvalidationRequest || m instanceof InvalidationResponse);
  }

  private void dropMissesThatCannotFill() {
    messages.removeIf(
        m ->
            switch (m) {
              case ReadRequest request -> !canFill(request.miss());
              case ReadResponse response -> !canFill(response.miss());
              default -> false;
            });
  }

  /** The outcome does not become known in time. A submitted command may still be applied later. */
  private void loseOutcome(int index) {
    budget.unknownOutcomes--;
    CacheModelCatalog.Command command = ownCatalog().commands.remove(index);
    command.change.end();
    if (command.version == 0) {
      budget.unannounced++;
    }
  }

  private void publish(int index) {
    CacheModelCatalog mine = ownCatalog();
    CacheModelCatalog.Command command = mine.commands.remove(index);
    if (mine.published.isNewer(tux(command.version))) {
      command.change.publish(List.of(tux(command.version)));
    }
    command.change.end();
    seen = Math.max(seen, command.version);
  }

  private void crashCatalog() {
    budget.catalogCrashes--;
    catalogsStarted++;
    catalog = new CacheModelCatalog(flaw, clock, LEASE, new UUID(FRONT_ENDS, catalogsStarted));
    dropInvalidations();
  }

  private void open() {
    catalog.published.publish(List.of(tux(applied)));
    catalog.sessions.open();
    catalog.open = true;
    catalog.wasOpen = true;
    seen = applied;
  }

  private void requestLease(CacheModelFrontEnd frontEnd) {
    budget.renewals--;
    frontEnd.call++;
    dropLeaseResponses(frontEnd);
    messages.add(
        new LeaseRequest(
            frontEnd.number, frontEnd.call, frontEnd.cache.beginRenewal("http://front")));
  }

  /** Drops the responses to earlier renewals, because the front end no longer waits for them. */
  private void dropLeaseResponses(CacheModelFrontEnd frontEnd) {
    messages.removeIf(m -> isResponseTo(m, frontEnd));
  }

  private void crash(CacheModelFrontEnd frontEnd) {
    budget.frontEndCrashes--;
    frontEnd.call++;
    dropLeaseResponses(frontEnd);
    messages.removeIf(
        m ->
            (m instanceof ReadRequest || m instanceof ReadResponse)
                && m.frontEnd() == frontEnd.number);
    frontEnd.cache = new PlantedCacheFlaw.Cache(flaw, clock, frontEnd::nextSession);
  }

  private void deliver(CacheModelMessage message) {
    switch (message) {
      case LeaseRequest request -> {
        CacheLeaseMessages.Grant grant = ownCatalog().sessions.renew(request.renewal().message());
        if (request.call() == frontEnds[request.frontEnd()].call) {
          messages.add(
              new LeaseResponse(request.frontEnd(), request.call(), request.renewal(), grant));
        }
      }
      case LeaseResponse response -> {
        CacheModelFrontEnd frontEnd = own(response.frontEnd());
        frontEnd.call++;
        dropLeaseResponses(frontEnd);
        var _ = frontEnd.cache.processGrant(response.renewal(), response.grant());
      }
      case ReadRequest request -> {
        ProductReadRequest.Answer answer = catalog.published.read(TUX);
        if (answer.cacheable()) {
          messages.add(new ReadResponse(request.frontEnd(), request.miss(), answer));
        }
      }
      case ReadResponse response -> {
        if (response.answer().product() != null) {
          own(response.frontEnd()).cache.fill(response.miss(), response.answer().product());
        }
      }
      case InvalidationRequest request -> {
        UUID session = request.session();
        boolean known = own(request.frontEnd()).cache.invalidate(session, List.of(TUX));
        messages.add(new InvalidationResponse(request.frontEnd(), session, known ? 200 : 410));
      }
      case InvalidationResponse response -> {
        PlantedCacheFlaw.Round round = ownCatalog().round;
        if (round != null) {
          round.recordResponse(response.session(), response.status());
        }
      }
    }
  }

  // The invariants.

  @Override
  public @Nullable String violation() {
    setClock();
    for (CacheModelFrontEnd frontEnd : frontEnds) {
      Product.Versioned hit = frontEnd.cache.get(TUX);
      if (hit != null && hit.version() < seen) {
        return "front end " + frontEnd.number + " shows " + hit + ", but " + seen + " was seen";
      }
    }
    Product.Versioned published = catalog.published.product(TUX);
    if (catalog.wasOpen && (published == null || published.version() < seen)) {
      return "the catalog shows " + published + ", but " + seen + " was seen";
    }
    if (catalog.commands.isEmpty() && !catalog.published.cacheable(TUX)) {
      return "no change is pending, but the product is not cacheable";
    }
    return null;
  }

  @Override
  public long key() {
    setClock();
    return CacheModelKey.of(this);
  }
}
