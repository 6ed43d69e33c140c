package toystore.toyctl;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import toystore.api.Role;
import toystore.faults.Cut;
import toystore.faults.DiskShim;
import toystore.faults.DiskTrouble;
import toystore.faults.Fault;
import toystore.faults.FullDisk;
import toystore.faults.Kill;
import toystore.faults.Network;
import toystore.faults.Pause;
import toystore.faults.PowerLoss;
import toystore.faults.Scarcity;
import toystore.faults.SmallDisk;
import toystore.faults.Weather;

/** All kinds of faults that can be done to a store on this machine, drawn at random. */
final class Troubles {
  /** A fault, and how long it lasts. */
  record Trouble(String kind, Fault fault, Duration hold, boolean storm) {}

  /** What the next one is made of; everything random comes from here. */
  private final class Draw {
    final String leader;

    Draw(String leader) {
      this.leader = leader;
    }

    String anyOf(List<String> names) {
      return names.get(random.nextInt(names.size()));
    }

    String anyReplica() {
      return anyOf(store.names(Role.ORDER));
    }

    String follower() {
      return anyOf(store.names(Role.ORDER).stream().filter(n -> !n.equals(leader)).toList());
    }

    Duration upTo(Duration longest) {
      return Duration.ofMillis(100 + (long) (random.nextDouble() * longest.toMillis()));
    }

    /** Short mostly, at times as long as the longest. */
    Duration hold() {
      return upTo(
          random.nextInt(8) == 0 ? longest : SHORT.compareTo(longest) < 0 ? SHORT : longest);
    }
  }

  @FunctionalInterface
  private interface Maker {
    Fault make(Draw draw);
  }

  private static final Duration SHORT = Duration.ofSeconds(3);
  private static final int MOST_WRITES = 200;

  private final ThrowawayStore store;
  private final Random random;
  private final Duration longest;
  private final Map<String, Maker> makers = new LinkedHashMap<>();
  private final List<String> impossible = new ArrayList<>();

  /**
   * @param longest how long any of them may last
   * @param only parts of the names of the kinds that are wanted; none for all kinds
   */
  Troubles(ThrowawayStore store, long seed, Duration longest, List<String> only) {
    this.store = store;
    this.random = new Random(seed);
    this.longest = longest;
    processes();
    store.network().ifPresentOrElse(this::network, () -> impossible.add("network"));
    if (store.disks().isEmpty()) {
      impossible.add("full disk and power loss (needs root and loop devices)");
    } else {
      disks(store.disks());
    }
    if (store.shims().isEmpty()) {
      impossible.add("failing writes and syncs (needs Linux and gcc)");
    } else {
      shims(store.shims());
    }
    choose(only);
  }

  private void choose(List<String> only) {
    List<String> kinds = possible();
    for (String part : only) {
      if (kinds.stream().noneMatch(kind -> kind.contains(part))) {
        throw new CliException(
            ExitCode.USAGE,
            "--only",
            "no kind of fault here is like '" + part + "'; there are: " + String.join(", ", kinds),
            "toyctl chaos --only 'kill,front end'");
      }
    }
    makers.keySet().removeIf(kind -> !only.isEmpty() && only.stream().noneMatch(kind::contains));
  }

  private void processes() {
    makers.put("kill leader", draw -> kill(draw.leader));
    makers.put("kill follower", draw -> kill(draw.follower()));
    makers.put("kill catalog", draw -> kill(draw.anyOf(store.names(Role.CATALOG))));
    makers.put("kill front end", draw -> kill(draw.anyOf(store.names(Role.FRONTEND))));
    makers.put("kill all replicas", draw -> new Kill(store, store.names(Role.ORDER)));
    makers.put("kill everything", draw -> new Kill(store, store.names()));
    makers.put("retry storm across a failover", draw -> kill(draw.leader));
    makers.put("pause leader", draw -> new Pause(store, draw.leader));
    makers.put("pause front end", d -> new Pause(store, d.anyOf(store.names(Role.FRONTEND))));
    makers.put("pause any", draw -> new Pause(store, draw.anyOf(store.names())));
    if (Scarcity.possible()) {
      makers.put(
          "few files",
          draw -> Scarcity.ofFiles(store, draw.anyOf(store.names()), random.nextInt(20)));
      makers.put(
          "little memory",
          draw -> Scarcity.ofMemory(store, draw.anyOf(store.names()), random.nextInt(40)));
    } else {
      impossible.add("few files and little memory (needs prlimit)");
    }
  }

  private Kill kill(String node) {
    return new Kill(store, List.of(node));
  }

  private void network(Network network) {
    List<String> all = store.names();
    makers.put("cut off leader", d -> Cut.around(network, d.leader, all, Weather.CUT));
    makers.put("cut off follower", d -> Cut.around(network, d.follower(), all, Weather.CUT));
    makers.put(
        "cut off catalog",
        d -> Cut.around(network, d.anyOf(store.names(Role.CATALOG)), all, Weather.CUT));
    makers.put(
        "cut off front end",
        d -> Cut.around(network, d.anyOf(store.names(Role.FRONTEND)), all, Weather.CUT));
    makers.put("leader is not heard", d -> Cut.oneWay(network, d.leader, all, Weather.CUT));
    makers.put("leader does not hear", d -> deaf(network, d.leader));
    makers.put("follower is not heard", d -> Cut.oneWay(network, d.follower(), all, Weather.CUT));
    makers.put(
        "any is not heard", d -> Cut.oneWay(network, d.anyOf(store.names()), all, Weather.CUT));
    makers.put(
        "slow network",
        d ->
            Cut.around(
                network,
                d.anyOf(store.names()),
                all,
                Weather.slow(d.upTo(Duration.ofMillis(200)), d.upTo(Duration.ofMillis(200)))));
    makers.put(
        "lossy network",
        d ->
            Cut.around(
                network,
                d.anyOf(store.names()),
                all,
                Weather.lossy(0.05 + 0.4 * random.nextDouble())));
  }

  private Fault deaf(Network network, String node) {
    return new Cut(
        network,
        store.names().stream()
            .filter(other -> !other.equals(node))
            .map(other -> new Cut.Direction(other, node))
            .toList(),
        Weather.CUT);
  }

  private void disks(Map<String, SmallDisk> disks) {
    makers.put("full disk", d -> full(disks, d.anyOf(disks.keySet().stream().sorted().toList())));
    makers.put("power loss of a replica", d -> lose(disks, List.of(d.anyReplica())));
    makers.put("power loss of all replicas", d -> lose(disks, store.names(Role.ORDER)));
    makers.put("power loss of everything", d -> lose(disks, List.copyOf(disks.keySet())));
  }

  private Fault full(Map<String, SmallDisk> disks, String node) {
    SmallDisk disk = disks.get(node);
    if (disk == null) {
      throw new IllegalStateException("no disk for " + node);
    }
    return new FullDisk(store, node, disk);
  }

  private Fault lose(Map<String, SmallDisk> disks, List<String> nodes) {
    Map<String, SmallDisk> losing = new TreeMap<>(disks);
    losing.keySet().retainAll(nodes);
    return new PowerLoss(store, losing);
  }

  private void shims(Map<String, DiskShim> shims) {
    List<String> keepers = shims.keySet().stream().sorted().toList();
    makers.put("writes fail", d -> disk(d.anyOf(keepers), new DiskTrouble.WritesFail()));
    makers.put("no space", d -> disk(d.anyOf(keepers), new DiskTrouble.WritesFindNoSpace()));
    makers.put("syncs fail", d -> disk(d.anyOf(keepers), new DiskTrouble.SyncsFail()));
    makers.put(
        "slow syncs",
        d -> disk(d.anyOf(keepers), new DiskTrouble.SyncsAreSlow(d.upTo(Duration.ofMillis(200)))));
    makers.put(
        "slow writes",
        d -> disk(d.anyOf(keepers), new DiskTrouble.WritesAreSlow(d.upTo(Duration.ofMillis(50)))));
    makers.put("killed at a write", d -> atWrite(d.anyOf(keepers)));
    makers.put("leader killed at a write", d -> atWrite(d.leader));
  }

  private Fault atWrite(String node) {
    return disk(node, new DiskTrouble.KilledAtWrite(1 + random.nextInt(MOST_WRITES)));
  }

  private Fault disk(String node, DiskTrouble.Kind kind) {
    DiskShim shim = store.shims().get(node);
    if (shim == null) {
      throw new IllegalStateException("no shim for " + node);
    }
    return new DiskTrouble(store, node, shim, kind);
  }

  /** Kinds that are drawn from. */
  List<String> possible() {
    return List.copyOf(makers.keySet());
  }

  /** What this machine cannot do, and why. */
  List<String> impossible() {
    return List.copyOf(impossible);
  }

  /** The next one. */
  Trouble next(String leader) {
    List<String> kinds = possible();
    String kind = kinds.get(random.nextInt(kinds.size()));
    Draw draw = new Draw(leader);
    Maker maker = makers.get(kind);
    if (maker == null) {
      throw new IllegalStateException(kind);
    }
    return new Trouble(kind, maker.make(draw), draw.hold(), kind.startsWith("retry storm"));
  }
}
