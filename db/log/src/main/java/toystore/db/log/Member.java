package toystore.db.log;

import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A member of a group, in which each has a name of its own.
 *
 * @param id its rank: the highest id that is alive and up to date leads
 */
public record Member(String name, int id, String host, int port) {
  /** By hand, as {@link toystore.db.log.LogPosition} is compared. */
  @Override
  public boolean equals(Object other) {
    return other instanceof Member member
        && name.equals(member.name)
        && id == member.id
        && host.equals(member.host)
        && port == member.port;
  }

  @Override
  public int hashCode() {
    return name.hashCode();
  }

  boolean isNamed(@Nullable String other) {
    return name.equals(other);
  }

  /** The members but for this one. */
  public List<Member> others(Collection<Member> members) {
    return members.stream().filter(member -> !member.isNamed(name)).toList();
  }

  /** The member of that name, or null if there is none. */
  public static @Nullable Member named(@Nullable String name, Collection<Member> members) {
    return members.stream().filter(member -> member.isNamed(name)).findFirst().orElse(null);
  }
}
