package toystore.toyctl.chaos.check;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Whether product reads are linearizable (promise P5), seen from outside. A product is a register
 * whose versions rise, so that the order in real time is all there is to check: whatever began
 * after someone was shown a version must not be shown an older one, and a version has one quantity.
 *
 * <p>A request asks for the floor before it is sent and tells its outcome after its answer; in
 * between, others may be shown newer versions or not. Costs the same however long a run is.
 */
public final class ProductReadChecker {
  private static final int VERSIONS_KEPT = 4096;

  private final Findings findings;
  private final Map<String, Register> registers = new ConcurrentHashMap<>();

  public ProductReadChecker(Findings findings) {
    this.findings = findings;
  }

  private static final class Register {
    private long newest = Long.MIN_VALUE;
    private final Map<Long, Long> quantities =
        new LinkedHashMap<>() {
          @Override
          protected boolean removeEldestEntry(Map.Entry<Long, Long> eldest) {
            return size() > VERSIONS_KEPT;
          }
        };
  }

  private Register register(String name) {
    return registers.computeIfAbsent(name, n -> new Register());
  }

  /** A request about the product is about to be sent: the newest version that anyone was shown. */
  public long begin(String name) {
    Register register = register(name);
    synchronized (register) {
      return register.newest;
    }
  }

  /** A read that began at this floor was answered. */
  public void read(String name, long floor, long version, long quantity) {
    Register register = register(name);
    synchronized (register) {
      if (version < floor) {
        findings.add(
            "stale read of "
                + name
                + ": version "
                + version
                + " after someone had been shown version "
                + floor);
      }
      Long before = register.quantities.putIfAbsent(version, quantity);
      if (before != null && before != quantity) {
        findings.add(
            "version "
                + version
                + " of "
                + name
                + " was shown with quantity "
                + before
                + " and with "
                + quantity);
      }
      register.newest = Math.max(register.newest, version);
    }
  }

  /** A purchase whose first attempt began at this floor made a version of its own. */
  public void sold(String name, long floor, long version) {
    Register register = register(name);
    synchronized (register) {
      if (version <= floor) {
        findings.add(
            "a purchase of "
                + name
                + " made version "
                + version
                + " after someone had been shown version "
                + floor);
      }
      register.newest = Math.max(register.newest, version);
    }
  }
}
