/** A member's log and vote on disk. */
@NullMarked
package toystore.db.raft.log;

import org.jspecify.annotations.NullMarked;
