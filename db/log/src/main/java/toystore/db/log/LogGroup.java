package toystore.db.log;

import java.util.List;
import java.util.UUID;

/**
 * A group of members that share one replicated log, as one of them sees it.
 *
 * @param id of the group, the same on all members
 * @param self the member that this process is
 * @param members all members, self included
 */
public record LogGroup(UUID id, Member self, List<Member> members) {
  public LogGroup {
    members = List.copyOf(members);
  }

  /** Whether this is a group of one. */
  public boolean hasOneMember() {
    return members.size() == 1;
  }
}
