/** Reads and verifies a member's Raft directory before the member starts. */
@NullMarked
package toystore.db.raft.recovery;

import org.jspecify.annotations.NullMarked;
