package toystore.db.log;

import java.util.List;
import java.util.UUID;

/**
 * The members that share one replicated log, from the point of view of one of them.
 *
 * @param id the id of the group, which is the same on all members
 * @param self the member that runs in this process
 * @param members all members, including {@code self}
 */
public record LogGroup(UUID id, Member self, List<Member> members) {
  public LogGroup {
    members = List.copyOf(members);
  }

  /** Whether {@code self} is the only member. */
  public boolean hasOneMember() {
    return members.size() == 1;
  }
}
