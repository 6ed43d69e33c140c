package toystore.cache;

import com.github.benmanes.caffeine.cache.Ticker;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import toystore.protocol.api.Price;
import toystore.protocol.api.Product;
import toystore.protocol.message.CacheLeaseMessages;
import toystore.protocol.message.ProductReadRequest;

/**
 * One moment of two front ends, a catalog and the messages between them, and every moment that may
 * come next. All decisions are those of the classes that run; what stands here instead of {@code
 * ChangePublisher}, {@code LeaseRenewer} and the catalog's service only carries them out, in any
 * order.
 *
 * <p>A message that is lost is one that never arrives. A front end that hangs is one to which
 * nothing arrives for long. A call that is repeated is one that arrives twice. So all of these are
 * among the orders of messages.
 */
public final class CacheModel {
  private static final String TUX = "Tux";
  private static final Duration TICK = Duration.ofSeconds(1);
  private static final Duration LEASE = TICK.multipliedBy(2);
  private static final int FRONTS = 2;

  /**
   * How much may happen in one run.
   *
   * @param changes that are announced, early or late
   * @param releases that are committed without having been announced
   * @param asks renewals by front ends
   * @param misses of front ends
   * @param repeats renewals that arrive twice
   * @param catalogCrashes a restart, or a takeover by another catalog
   * @param losses of the office, which the same catalog gets back
   */
  record Bounds(
      int ticks,
      int changes,
      int releases,
      int giveUps,
      int asks,
      int misses,
      int repeats,
      int catalogCrashes,
      int losses,
      int frontCrashes) {}

  /** What may happen next. */
  enum Act {
    TIME_PASSES,
    ANNOUNCE,
    ANNOUNCE_COMMITTED,
    BEGIN_ROUND,
    COMMIT,
    COMMIT_UNANNOUNCED,
    GIVE_UP,
    PUBLISH,
    CRASH_CATALOG,
    LOSE_OFFICE,
    OPEN,
    ASK_FOR_LEASE,
    ASK_AGAIN,
    MISS,
    CRASH_FRONT_END,
    DELIVER,
    DELIVER_AND_REPEAT
  }

  /** Messages on their way. */
  private sealed interface Message {
    int front();
  }

  private record Ask(int front, int call, ProductCache.PendingRenewal asked) implements Message {}

  private record Grant(
      int front, int call, ProductCache.PendingRenewal asked, CacheLeaseMessages.Grant grant)
      implements Message {}

  private record Read(int front, ProductCache.Miss miss) implements Message {}

  private record Answer(int front, ProductCache.Miss miss, ProductReadRequest.Answer answer)
      implements Message {}

  private record Tell(int front, UUID session) implements Message {}

  private record Told(int front, UUID session, int status) implements Message {}

  private static final class FrontEnd {
    final int number;
    int sessionsBegun;

    /** The renewal whose answer is waited for. */
    int call;

    PlantedCacheFlaw.Cache cache;

    FrontEnd(int number, PlantedCacheFlaw flaw, Ticker clock) {
      this.number = number;
      this.cache = new PlantedCacheFlaw.Cache(flaw, clock, this::nextSession);
    }

    FrontEnd(FrontEnd other) {
      this.number = other.number;
      this.sessionsBegun = other.sessionsBegun;
      this.call = other.call;
      this.cache = new PlantedCacheFlaw.Cache(other.cache, this::nextSession);
    }

    private UUID nextSession() {
      return new UUID(number, ++sessionsBegun);
    }
  }

  /** A command that was proposed together with its announcement. */
  private static final class Command {
    final PendingChange change;
    boolean inRound;

    /** What it made; zero while it is not committed. */
    int version;

    Command(PendingChange change, int version) {
      this.change = change;
      this.version = version;
    }

    Command(Command other, PublishedProducts published) {
      this(new PendingChange(other.change, published), other.version);
      this.inRound = other.inRound;
    }
  }

  private static final class Catalog {
    final PlantedCacheFlaw.Granter sessions;
    final PlantedCacheFlaw.Shown published;
    final List<Command> commands = new ArrayList<>();
    PlantedCacheFlaw.@Nullable Telling round;

    /** Requests are let in. */
    boolean open;

    /** It was open before; requests of that time may still be on their way through it. */
    boolean wasOpen;

    Catalog(PlantedCacheFlaw flaw, Ticker clock, UUID id) {
      this.sessions = new PlantedCacheFlaw.Granter(flaw, clock, LEASE, () -> id);
      this.published = new PlantedCacheFlaw.Shown(flaw);
    }

    Catalog(Catalog other) {
      this.sessions = new PlantedCacheFlaw.Granter(other.sessions);
      this.published = new PlantedCacheFlaw.Shown(other.published);
      this.open = other.open;
      this.wasOpen = other.wasOpen;
      List<PendingChange> inRound = new ArrayList<>();
      for (Command theirs : other.commands) {
        Command mine = new Command(theirs, published);
        commands.add(mine);
        if (mine.inRound) {
          inRound.add(mine.change);
        }
      }
      if (other.round != null) {
        round = new PlantedCacheFlaw.Telling(other.round, sessions, published, inRound);
      }
    }
  }

  /** Shared by all moments of a search, which is one thread: set before anything is asked. */
  private final ManualTicker clock;

  private final PlantedCacheFlaw flaw;
  private final FrontEnd[] fronts;
  private Catalog catalog;
  private final List<Message> messages;
  private int ticksPassed;
  private int ticks;
  private int changes;
  private int unannounced;
  private int giveUps;
  private int asks;
  private int misses;
  private int repeats;
  private int catalogCrashes;
  private int losses;
  private int frontCrashes;
  private int catalogsStarted = 1;

  /** The product's version as the log has it; survives every crash. */
  private int applied = 1;

  /** The latest version that anyone could see or was sold. */
  private int floor = 1;

  CacheModel(Bounds bounds, PlantedCacheFlaw flaw) {
    this.clock = new ManualTicker();
    this.flaw = flaw;
    this.ticks = bounds.ticks();
    this.changes = bounds.changes();
    this.unannounced = bounds.releases();
    this.giveUps = bounds.giveUps();
    this.asks = bounds.asks();
    this.misses = bounds.misses();
    this.repeats = bounds.repeats();
    this.catalogCrashes = bounds.catalogCrashes();
    this.losses = bounds.losses();
    this.frontCrashes = bounds.frontCrashes();
    this.fronts = new FrontEnd[FRONTS];
    for (int i = 0; i < FRONTS; i++) {
      fronts[i] = new FrontEnd(i, flaw, clock);
    }
    this.catalog = new Catalog(flaw, clock, new UUID(FRONTS, 1));
    this.messages = List.of();
    // A first start: there is no past to wait for.
    open();
  }

  /** A copy to change: front ends and catalog are shared until they are {@linkplain #front}ed. */
  private CacheModel(CacheModel other, List<Message> messages) {
    this.clock = other.clock;
    this.flaw = other.flaw;
    this.fronts = other.fronts.clone();
    this.catalog = other.catalog;
    this.messages = messages;
    this.ticksPassed = other.ticksPassed;
    this.ticks = other.ticks;
    this.changes = other.changes;
    this.unannounced = other.unannounced;
    this.giveUps = other.giveUps;
    this.asks = other.asks;
    this.misses = other.misses;
    this.repeats = other.repeats;
    this.catalogCrashes = other.catalogCrashes;
    this.losses = other.losses;
    this.frontCrashes = other.frontCrashes;
    this.catalogsStarted = other.catalogsStarted;
    this.applied = other.applied;
    this.floor = other.floor;
  }

  private CacheModel copy() {
    return new CacheModel(this, new ArrayList<>(messages));
  }

  private FrontEnd front(int number) {
    fronts[number] = new FrontEnd(fronts[number]);
    return fronts[number];
  }

  private Catalog ownCatalog() {
    catalog = new Catalog(catalog);
    return catalog;
  }

  private static Product.Versioned tux(int version) {
    return new Product.Versioned(new Product(TUX, new Price(1599), 100 - version), version);
  }

  /** One of the things that may happen next, and to what. */
  public record Step(Act act, int index) {
    @Override
    public String toString() {
      return act.name().toLowerCase(Locale.ROOT).replace('_', ' ') + " " + index;
    }
  }

  public String describe(Step step) {
    String what = step.toString();
    Act act = step.act();
    return act == Act.DELIVER || act == Act.DELIVER_AND_REPEAT
        ? what + ": " + messages.get(step.index())
        : what;
  }

  /** All that may happen next. */
  public List<Step> steps() {
    setClock();
    List<Step> steps = new ArrayList<>();
    add(steps, ticks > 0, Act.TIME_PASSES);
    boolean open = catalog.open;
    add(steps, changes > 0 && open, Act.ANNOUNCE);
    add(
        steps,
        changes > 0 && open && catalog.published.unseen(tux(applied)),
        Act.ANNOUNCE_COMMITTED);
    add(steps, unannounced > 0, Act.COMMIT_UNANNOUNCED);
    add(
        steps,
        catalog.round == null && catalog.commands.stream().anyMatch(CacheModel::waits),
        Act.BEGIN_ROUND);
    for (int i = 0; i < catalog.commands.size(); i++) {
      Command command = catalog.commands.get(i);
      add(steps, command.version == 0, Act.COMMIT, i);
      add(steps, giveUps > 0, Act.GIVE_UP, i);
      add(
          steps,
          command.version > 0
              && (command.change.stage() == PendingChange.Stage.INVALIDATED
                  || !catalog.published.unseen(tux(command.version))),
          Act.PUBLISH,
          i);
    }
    add(steps, catalogCrashes > 0, Act.CRASH_CATALOG);
    add(steps, losses > 0 && open, Act.LOSE_OFFICE);
    add(steps, !open && !catalog.sessions.untilOpen().isPositive(), Act.OPEN);
    for (int i = 0; i < FRONTS; i++) {
      if (asks > 0 && wantsLease(fronts[i])) {
        add(steps, true, Act.ASK_FOR_LEASE, i);
        add(steps, repeats > 0 && hasUnheardAsk(fronts[i]), Act.ASK_AGAIN, i);
      }
      add(steps, misses > 0 && wantsProduct(fronts[i]), Act.MISS, i);
      add(steps, frontCrashes > 0, Act.CRASH_FRONT_END, i);
    }
    for (int i = 0; i < messages.size(); i++) {
      // A closed catalog lets requests wait; those of before a lost office may have been let in.
      boolean arrives =
          open
              || catalog.wasOpen
              || !(messages.get(i) instanceof Ask || messages.get(i) instanceof Read);
      add(steps, arrives, Act.DELIVER, i);
      add(
          steps,
          arrives && repeats > 0 && messages.get(i) instanceof Ask,
          Act.DELIVER_AND_REPEAT,
          i);
    }
    return steps;
  }

  /** Not if another answer of this very moment could say no more. */
  private boolean wantsLease(FrontEnd front) {
    ProductCache.Session session = front.cache.session;
    return (session.catalog == null || session.leaseEndsNanos - clock.read() < LEASE.toNanos())
        && messages.stream().noneMatch(m -> isCurrentAsk(m, front) && age(((Ask) m).asked()) == 0)
        && messages.stream()
            .noneMatch(
                m -> m instanceof Grant g && g.front() == front.number && age(g.asked()) == 0);
  }

  private static boolean isCurrentAsk(Message message, FrontEnd front) {
    return message instanceof Ask ask && ask.front() == front.number && ask.call() == front.call;
  }

  private boolean hasUnheardAsk(FrontEnd front) {
    return messages.stream().anyMatch(m -> isCurrentAsk(m, front));
  }

  /** Only for what may be kept: all else is shown once, which {@link #violation} looks at. */
  private boolean wantsProduct(FrontEnd front) {
    return front.cache.get(TUX) == null && mayBeKept(front.cache.beginMiss(TUX));
  }

  private boolean mayBeKept(ProductCache.Miss miss) {
    ProductCache cache = fronts[frontOf(miss.session())].cache;
    return miss.leased()
        && miss.session().equals(cache.session.id)
        && cache.isUnchangedSince(miss, cache.session.invalidations.getOrDefault(TUX, 0L));
  }

  private void forgetWhatIsNotKept() {
    messages.removeIf(
        m ->
            switch (m) {
              case Read read -> !mayBeKept(read.miss());
              case Answer answer -> !mayBeKept(answer.miss());
              default -> false;
            });
  }

  private static boolean waits(Command command) {
    return !command.inRound && command.change.stage() == PendingChange.Stage.ANNOUNCED;
  }

  private static void add(List<Step> steps, boolean possible, Act act) {
    add(steps, possible, act, 0);
  }

  private static void add(List<Step> steps, boolean possible, Act act, int index) {
    if (possible) {
      steps.add(new Step(act, index));
    }
  }

  /** The moment after this one and the step. */
  public CacheModel after(Step step) {
    setClock();
    CacheModel next = copy();
    next.apply(step.act(), step.index());
    next.endRoundIfOver();
    next.forgetWhatIsNotKept();
    return next;
  }

  private void setClock() {
    clock.set(TICK.multipliedBy(ticksPassed));
  }

  private void apply(Act act, int index) {
    switch (act) {
      case TIME_PASSES -> {
        ticks--;
        ticksPassed++;
        setClock();
      }
      case ANNOUNCE -> announce(0);
      case ANNOUNCE_COMMITTED -> announce(applied);
      case COMMIT_UNANNOUNCED -> {
        unannounced--;
        applied++;
      }
      case BEGIN_ROUND -> beginRound();
      case COMMIT -> ownCatalog().commands.get(index).version = ++applied;
      case GIVE_UP -> giveUp(index);
      case PUBLISH -> publish(index);
      case CRASH_CATALOG -> crashCatalog();
      case LOSE_OFFICE -> {
        losses--;
        ownCatalog().sessions.close();
        catalog.open = false;
      }
      case OPEN -> {
        ownCatalog();
        open();
      }
      case ASK_FOR_LEASE -> {
        // The one before is lost, unless it is worth a repetition.
        messages.removeIf(m -> isCurrentAsk(m, fronts[index]));
        ask(front(index));
      }
      case ASK_AGAIN -> {
        repeats--;
        ask(front(index));
      }
      case MISS -> miss(front(index));
      case CRASH_FRONT_END -> crash(front(index));
      case DELIVER -> deliver(messages.remove(index));
      case DELIVER_AND_REPEAT -> {
        repeats--;
        deliver(messages.get(index));
      }
    }
  }

  private void announce(int version) {
    changes--;
    Catalog mine = ownCatalog();
    mine.commands.add(new Command(new PendingChange(mine.published, List.of(TUX)), version));
  }

  private void beginRound() {
    Catalog mine = ownCatalog();
    List<PendingChange> announced = new ArrayList<>();
    for (Command command : mine.commands) {
      if (waits(command)) {
        command.inRound = true;
        announced.add(command.change);
      }
    }
    mine.round = new PlantedCacheFlaw.Telling(flaw, mine.sessions, mine.published, announced);
    mine.round.waitedFor().forEach(r -> messages.add(new Tell(frontOf(r.session()), r.session())));
  }

  private static int frontOf(UUID session) {
    return (int) session.getMostSignificantBits();
  }

  /** At once: until it does, there is only less that may happen. */
  private void endRoundIfOver() {
    if (catalog.round == null) {
      return;
    }
    Catalog mine = ownCatalog();
    if (mine.round != null && mine.round.isOver()) {
      mine.round.end();
      mine.round = null;
      mine.commands.forEach(c -> c.inRound = false);
      forgetTelling();
    }
  }

  /** What is left of an old round can only make a cache emptier. */
  private void forgetTelling() {
    messages.removeIf(m -> m instanceof Tell || m instanceof Told);
  }

  /** The caller hears of no outcome in time; a command that is in the log may be applied later. */
  private void giveUp(int index) {
    giveUps--;
    Command command = ownCatalog().commands.remove(index);
    command.change.end();
    if (command.version == 0) {
      unannounced++;
    }
  }

  private void publish(int index) {
    Catalog mine = ownCatalog();
    Command command = mine.commands.remove(index);
    if (mine.published.unseen(tux(command.version))) {
      command.change.show(List.of(tux(command.version)));
    }
    command.change.end();
    floor = Math.max(floor, command.version);
  }

  private void crashCatalog() {
    catalogCrashes--;
    catalogsStarted++;
    catalog = new Catalog(flaw, clock, new UUID(FRONTS, catalogsStarted));
    forgetTelling();
  }

  private void open() {
    catalog.published.show(List.of(tux(applied)));
    catalog.sessions.open();
    catalog.open = true;
    catalog.wasOpen = true;
    floor = applied;
  }

  private void ask(FrontEnd front) {
    asks--;
    front.call++;
    hearNoMoreGrants(front);
    messages.add(new Ask(front.number, front.call, front.cache.beginRenewal("http://front")));
  }

  /** The answers of earlier renewals find nobody who waits for them. */
  private void hearNoMoreGrants(FrontEnd front) {
    messages.removeIf(m -> m instanceof Grant g && g.front() == front.number);
  }

  private void miss(FrontEnd front) {
    misses--;
    messages.add(new Read(front.number, front.cache.beginMiss(TUX)));
  }

  private void crash(FrontEnd front) {
    frontCrashes--;
    front.call++;
    hearNoMoreGrants(front);
    messages.removeIf(m -> (m instanceof Read || m instanceof Answer) && m.front() == front.number);
    front.cache = new PlantedCacheFlaw.Cache(flaw, clock, front::nextSession);
  }

  private void deliver(Message message) {
    switch (message) {
      case Ask ask -> {
        CacheLeaseMessages.Grant grant = ownCatalog().sessions.renew(ask.asked().message());
        if (ask.call() == fronts[ask.front()].call) {
          messages.add(new Grant(ask.front(), ask.call(), ask.asked(), grant));
        }
      }
      case Grant grant -> {
        FrontEnd front = front(grant.front());
        front.call++;
        hearNoMoreGrants(front);
        front.cache.granted(grant.asked(), grant.grant());
      }
      case Read read -> {
        ProductReadRequest.Answer answer = catalog.published.read(TUX);
        if (answer.cacheable()) {
          messages.add(new Answer(read.front(), read.miss(), answer));
        }
      }
      case Answer answer -> {
        if (answer.answer().product() != null) {
          front(answer.front()).cache.fill(answer.miss(), answer.answer().product());
        }
      }
      case Tell tell -> {
        boolean known = front(tell.front()).cache.invalidate(tell.session(), List.of(TUX));
        messages.add(new Told(tell.front(), tell.session(), known ? 200 : 410));
      }
      case Told told -> {
        PlantedCacheFlaw.Telling round = ownCatalog().round;
        if (round != null) {
          round.answered(told.session(), told.status());
        }
      }
    }
  }

  /** What a reader at this moment would see that is older than what was seen, or null. */
  public @Nullable String violation() {
    setClock();
    for (FrontEnd front : fronts) {
      Product.Versioned hit = front.cache.get(TUX);
      if (hit != null && hit.version() < floor) {
        return "front end " + front.number + " shows " + hit + ", but " + floor + " was seen";
      }
    }
    Product.Versioned shown = catalog.published.product(TUX);
    if (catalog.wasOpen && (shown == null || shown.version() < floor)) {
      return "the catalog shows " + shown + ", but " + floor + " was seen";
    }
    if (catalog.commands.isEmpty() && !catalog.published.cacheable(TUX)) {
      return "no change is on its way, yet nothing may be kept";
    }
    return null;
  }

  /** The same for two moments only if the same may happen from here on; mirror images are one. */
  public long key() {
    setClock();
    long one = mix(0, frontKey(0));
    long other = mix(0, frontKey(1));
    return mix(catalogKey(), one + other);
  }

  private long catalogKey() {
    long key = mix(ticks, changes);
    key = mix(key, unannounced);
    key = mix(key, giveUps);
    key = mix(key, asks);
    key = mix(key, misses);
    key = mix(key, repeats);
    key = mix(key, catalogCrashes);
    key = mix(key, losses);
    key = mix(key, frontCrashes);
    key = mix(key, applied);
    key = mix(key, floor);
    key = mix(key, catalogsStarted);
    key = mix(key, bit(catalog.open) + 2 * bit(catalog.wasOpen));
    key = mix(key, left(catalog.sessions.untilOpen().toNanos()));
    Product.Versioned shown = catalog.published.product(TUX);
    key = mix(key, shown == null ? 0 : shown.version());
    key = mix(key, catalog.published.pending.getOrDefault(TUX, 0));
    key = mix(key, bit(catalog.round != null));
    long sum = 0;
    for (Command command : catalog.commands) {
      sum +=
          mix(
              command.version + 1L,
              bit(command.inRound)
                  + 2L * bit(command.change.stage() == PendingChange.Stage.INVALIDATED));
    }
    return mix(key, sum);
  }

  private long frontKey(int number) {
    FrontEnd front = fronts[number];
    ProductCache.Session session = front.cache.session;
    long key = mix(4711, front.sessionsBegun);
    key = mix(key, session.id.getLeastSignificantBits());
    key = mix(key, low(session.catalog));
    key = mix(key, session.catalog == null ? 0 : left(session.leaseEndsNanos - clock.read()));
    Product.Versioned entry = session.entries.get(TUX);
    key = mix(key, entry == null ? 0 : entry.version());
    long sum = 0;
    for (Map.Entry<UUID, CacheSessions.Session> granted : catalog.sessions.sessions.entrySet()) {
      if (frontOf(granted.getKey()) == number) {
        sum += sessionKey(low(granted.getKey()), granted.getValue());
      }
    }
    for (UUID ended : catalog.sessions.ended) {
      sum += frontOf(ended) == number ? mix(2, low(ended)) : 0;
    }
    if (catalog.round != null) {
      for (UUID waitedFor : catalog.round.waitedFor.keySet()) {
        sum += frontOf(waitedFor) == number ? mix(3, low(waitedFor)) : 0;
      }
    }
    for (Message message : messages) {
      sum += message.front() == number ? messageKey(front, message) : 0;
    }
    return mix(key, sum);
  }

  private long sessionKey(long id, CacheSessions.Session session) {
    long key = mix(1, id);
    key = mix(key, left(session.expiresNanos - clock.read()));
    key = mix(key, session.unacknowledged);
    key =
        mix(key, session.unacknowledged > 0 ? clock.read() - session.unacknowledgedSinceNanos : 0);
    return mix(key, bit(session.over));
  }

  private long messageKey(FrontEnd front, Message message) {
    return switch (message) {
      case Ask ask -> {
        long key = mix(4, low(ask.asked().message().session()));
        key = mix(key, low(ask.asked().message().catalog()));
        yield ask.call() == front.call ? mix(key, age(ask.asked())) : key;
      }
      case Grant grant -> {
        long key = mix(5, low(grant.asked().message().session()));
        key = mix(key, low(grant.grant().catalog()));
        key = mix(key, grant.grant().lengthMs() + bit(grant.grant().continued()));
        yield mix(key, age(grant.asked()));
      }
      case Read read -> missKey(6, read.miss());
      case Answer answer ->
          mix(
              missKey(7, answer.miss()),
              answer.answer().product() == null ? 0 : answer.answer().product().version());
      case Tell tell -> mix(8, low(tell.session()));
      case Told told -> mix(mix(9, low(told.session())), told.status());
    };
  }

  private static long missKey(long kind, ProductCache.Miss miss) {
    // Of those that are left, none was disturbed.
    return mix(mix(kind, low(miss.session())), bit(miss.leased()));
  }

  /** How long ago it was asked; a lease that is over is like any other. */
  private long age(ProductCache.PendingRenewal asked) {
    return Math.min(clock.read() - asked.nanos(), LEASE.toNanos());
  }

  private static long left(long nanos) {
    return Math.max(0, nanos);
  }

  private static long low(@Nullable UUID id) {
    return id == null ? 0 : id.getLeastSignificantBits();
  }

  private static int bit(boolean value) {
    return value ? 1 : 0;
  }

  /** The finalizer of SplitMix64, over both. */
  private static long mix(long one, long other) {
    long z = one * 0x9E3779B97F4A7C15L + other + 0x632BE59BD9B4E019L;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
