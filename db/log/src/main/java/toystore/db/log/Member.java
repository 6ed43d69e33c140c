package toystore.db.log;

import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A member of a group.
 *
 * @param name unique in the group
 * @param id unique in the group; the member with the highest id leads if it is alive and caught up
 * @param port the port for messages between members
 */
public record Member(String name, int id, String host, int port) {
  /** Written by hand for the reason given at {@link LogPosition}. */
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

  /** All of these members except this one. */
  public List<Member> others(Collection<Member> members) {
    return members.stream().filter(member -> !member.isNamed(name)).toList();
  }

  /** The member with this name, or null if there is none. */
  public static @Nullable Member named(@Nullable String name, Collection<Member> members) {
    return members.stream().filter(member -> member.isNamed(name)).findFirst().orElse(null);
  }
}
