package toystore.db.log;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A member as it sees itself.
 *
 * @param leads it leads and is ready to take commands
 * @param leader who leads, as far as it knows
 * @param lag entries that each other member lacks, by name; only known to the leader
 */
public record LogStatus(
    boolean leads,
    @Nullable String leader,
    long term,
    long commitIndex,
    long appliedIndex,
    Map<String, Long> lag) {}
