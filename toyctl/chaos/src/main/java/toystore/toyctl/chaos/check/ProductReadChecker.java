package toystore.toyctl.chaos.check;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Checks from outside that reads of products are linearizable (promise P5). A product is a register
 * whose version only increases, so it suffices to check real-time order: a request that begins
 * after a client observed a version must not return an older version, and each version must have a
 * single quantity.
 *
 * <p>Before a client sends a request, it asks for the newest observed version, the floor. It
 * reports the result after the response. In between, other clients may observe newer versions. The
 * cost for each request does not depend on the length of the run.
 */
public final class ProductReadChecker {
  private static final int VERSIONS_KEPT = 4096;

  private final Violations violations;
  private final Map<String, Register> registers = new ConcurrentHashMap<>();

  public ProductReadChecker(Violations violations) {
    this.violations = violations;
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

  /** The newest version that any client has observed: the floor of a request that begins now. */
  public long newestVersion(String name) {
    Register register = register(name);
    synchronized (register) {
      return register.newest;
    }
  }

  /** Checks the result of a read that began with this floor. */
  public void read(String name, long floor, long version, long quantity) {
    Register register = register(name);
    synchronized (register) {
      if (version < floor) {
        violations.add(
            "stale read of "
                + name
                + ": version "
                + version
                + " after a client had observed version "
                + floor);
      }
      Long before = register.quantities.putIfAbsent(version, quantity);
      if (before != null && before != quantity) {
        violations.add(
            "version "
                + version
                + " of "
                + name
                + " was observed with quantity "
                + before
                + " and with "
                + quantity);
      }
      register.newest = Math.max(register.newest, version);
    }
  }

  /** Checks the version that a purchase created. Its first attempt began with this floor. */
  public void sold(String name, long floor, long version) {
    Register register = register(name);
    synchronized (register) {
      if (version <= floor) {
        violations.add(
            "a purchase of "
                + name
                + " created version "
                + version
                + " after a client had observed version "
                + floor);
      }
      register.newest = Math.max(register.newest, version);
    }
  }
}
