package toystore.toyctl.chaos;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import toystore.config.Role;
import toystore.toyctl.chaos.faults.DiskFault;
import toystore.toyctl.chaos.faults.DiskFaultLibrary;
import toystore.toyctl.chaos.faults.Fault;
import toystore.toyctl.chaos.faults.FaultyNetwork;
import toystore.toyctl.chaos.faults.FullDiskFault;
import toystore.toyctl.chaos.faults.KillFault;
import toystore.toyctl.chaos.faults.LinkConditions;
import toystore.toyctl.chaos.faults.LoopDisk;
import toystore.toyctl.chaos.faults.NetworkFault;
import toystore.toyctl.chaos.faults.PauseFault;
import toystore.toyctl.chaos.faults.PowerLossFault;
import toystore.toyctl.chaos.faults.ResourceLimitFault;
import toystore.toyctl.cluster.ExitCode;
import toystore.toyctl.cluster.ToyctlException;

/** All kinds of faults that can be done to a store on this machine, drawn at random. */
final class RandomFaults {
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
  RandomFaults(ThrowawayStore store, long seed, Duration longest, List<String> only) {
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
        throw new ToyctlException(
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
    makers.put("kill all replicas", draw -> new KillFault(store, store.names(Role.ORDER)));
    makers.put("kill everything", draw -> new KillFault(store, store.names()));
    makers.put("retry storm across a failover", draw -> kill(draw.leader));
    makers.put("pause leader", draw -> new PauseFault(store, draw.leader));
    makers.put("pause front end", d -> new PauseFault(store, d.anyOf(store.names(Role.FRONTEND))));
    makers.put("pause any", draw -> new PauseFault(store, draw.anyOf(store.names())));
    if (ResourceLimitFault.possible()) {
      makers.put(
          "few files",
          draw -> ResourceLimitFault.ofFiles(store, draw.anyOf(store.names()), random.nextInt(20)));
      makers.put(
          "little memory",
          draw ->
              ResourceLimitFault.ofMemory(store, draw.anyOf(store.names()), random.nextInt(40)));
    } else {
      impossible.add("few files and little memory (needs prlimit)");
    }
  }

  private KillFault kill(String node) {
    return new KillFault(store, List.of(node));
  }

  private void network(FaultyNetwork network) {
    List<String> all = store.names();
    makers.put(
        "cut off leader", d -> NetworkFault.around(network, d.leader, all, LinkConditions.CUT));
    makers.put(
        "cut off follower",
        d -> NetworkFault.around(network, d.follower(), all, LinkConditions.CUT));
    makers.put(
        "cut off catalog",
        d ->
            NetworkFault.around(
                network, d.anyOf(store.names(Role.CATALOG)), all, LinkConditions.CUT));
    makers.put(
        "cut off front end",
        d ->
            NetworkFault.around(
                network, d.anyOf(store.names(Role.FRONTEND)), all, LinkConditions.CUT));
    makers.put(
        "leader is not heard",
        d -> NetworkFault.oneWay(network, d.leader, all, LinkConditions.CUT));
    makers.put("leader does not hear", d -> deaf(network, d.leader));
    makers.put(
        "follower is not heard",
        d -> NetworkFault.oneWay(network, d.follower(), all, LinkConditions.CUT));
    makers.put(
        "any is not heard",
        d -> NetworkFault.oneWay(network, d.anyOf(store.names()), all, LinkConditions.CUT));
    makers.put(
        "slow network",
        d ->
            NetworkFault.around(
                network,
                d.anyOf(store.names()),
                all,
                LinkConditions.slow(
                    d.upTo(Duration.ofMillis(200)), d.upTo(Duration.ofMillis(200)))));
    makers.put(
        "lossy network",
        d ->
            NetworkFault.around(
                network,
                d.anyOf(store.names()),
                all,
                LinkConditions.lossy(0.05 + 0.4 * random.nextDouble())));
  }

  private Fault deaf(FaultyNetwork network, String node) {
    return new NetworkFault(
        network,
        store.names().stream()
            .filter(other -> !other.equals(node))
            .map(other -> new NetworkFault.Direction(other, node))
            .toList(),
        LinkConditions.CUT);
  }

  private void disks(Map<String, LoopDisk> disks) {
    makers.put("full disk", d -> full(disks, d.anyOf(disks.keySet().stream().sorted().toList())));
    makers.put("power loss of a replica", d -> lose(disks, List.of(d.anyReplica())));
    makers.put("power loss of all replicas", d -> lose(disks, store.names(Role.ORDER)));
    makers.put("power loss of everything", d -> lose(disks, List.copyOf(disks.keySet())));
  }

  private Fault full(Map<String, LoopDisk> disks, String node) {
    LoopDisk disk = disks.get(node);
    if (disk == null) {
      throw new IllegalStateException("no disk for " + node);
    }
    return new FullDiskFault(store, node, disk);
  }

  private Fault lose(Map<String, LoopDisk> disks, List<String> nodes) {
    Map<String, LoopDisk> losing = new TreeMap<>(disks);
    losing.keySet().retainAll(nodes);
    return new PowerLossFault(store, losing);
  }

  private void shims(Map<String, DiskFaultLibrary> shims) {
    List<String> keepers = shims.keySet().stream().sorted().toList();
    makers.put("writes fail", d -> disk(d.anyOf(keepers), new DiskFault.WritesFail()));
    makers.put("no space", d -> disk(d.anyOf(keepers), new DiskFault.WritesFindNoSpace()));
    makers.put("syncs fail", d -> disk(d.anyOf(keepers), new DiskFault.SyncsFail()));
    makers.put(
        "slow syncs",
        d -> disk(d.anyOf(keepers), new DiskFault.SyncsAreSlow(d.upTo(Duration.ofMillis(200)))));
    makers.put(
        "slow writes",
        d -> disk(d.anyOf(keepers), new DiskFault.WritesAreSlow(d.upTo(Duration.ofMillis(50)))));
    makers.put("killed at a write", d -> atWrite(d.anyOf(keepers)));
    makers.put("leader killed at a write", d -> atWrite(d.leader));
  }

  private Fault atWrite(String node) {
    return disk(node, new DiskFault.KilledAtWrite(1 + random.nextInt(MOST_WRITES)));
  }

  private Fault disk(String node, DiskFault.Kind kind) {
    DiskFaultLibrary shim = store.shims().get(node);
    if (shim == null) {
      throw new IllegalStateException("no shim for " + node);
    }
    return new DiskFault(store, node, shim, kind);
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
