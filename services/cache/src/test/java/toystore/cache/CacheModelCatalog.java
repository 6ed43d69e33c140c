package toystore.cache;

import com.github.benmanes.caffeine.cache.Ticker;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The catalog of a {@link CacheModel}. */
final class CacheModelCatalog {
  /** A command that was submitted together with its announcement. */
  static final class Command {
    final PendingChange change;
    boolean inRound;

    /** The version of the product that this command has made, or zero before its commit. */
    int version;

    Command(PendingChange change, int version) {
      this.change = change;
      this.version = version;
    }

    private Command(Command other, PublishedProducts published) {
      this(new PendingChange(other.change, published), other.version);
      this.inRound = other.inRound;
    }

    /** Whether the next invalidation round includes this command. */
    boolean waitsForRound() {
      return !inRound && change.stage() == PendingChange.Stage.ANNOUNCED;
    }
  }

  final PlantedCacheFlaw.Sessions sessions;
  final PlantedCacheFlaw.Published published;
  final List<Command> commands = new ArrayList<>();
  PlantedCacheFlaw.@Nullable Round round;

  /** Whether the catalog accepts requests. */
  boolean open;

  /** Whether the catalog was ever open. It may still process requests that it accepted then. */
  boolean wasOpen;

  CacheModelCatalog(PlantedCacheFlaw flaw, Ticker clock, Duration lease, UUID id) {
    this.sessions = new PlantedCacheFlaw.Sessions(flaw, clock, lease, () -> id);
    this.published = new PlantedCacheFlaw.Published(flaw);
  }

  CacheModelCatalog(CacheModelCatalog other) {
    this.sessions = new PlantedCacheFlaw.Sessions(other.sessions);
    this.published = new PlantedCacheFlaw.Published(other.published);
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
      round = new PlantedCacheFlaw.Round(other.round, sessions, published, inRound);
    }
  }

  /** Begins an invalidation round for all commands that wait for one. */
  PlantedCacheFlaw.Round beginRound(PlantedCacheFlaw flaw) {
    List<PendingChange> announced = new ArrayList<>();
    for (Command command : commands) {
      if (command.waitsForRound()) {
        command.inRound = true;
        announced.add(command.change);
      }
    }
    PlantedCacheFlaw.Round begun = new PlantedCacheFlaw.Round(flaw, sessions, published, announced);
    round = begun;
    return begun;
  }

  /** Completes the round if all sessions have responded. Returns whether it was completed. */
  boolean completeRound() {
    if (round == null || !round.isComplete()) {
      return false;
    }
    round.complete();
    round = null;
    commands.forEach(c -> c.inRound = false);
    return true;
  }
}
