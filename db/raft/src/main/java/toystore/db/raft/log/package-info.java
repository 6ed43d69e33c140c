/** The log and the vote of one member on disk. */
@NullMarked
package toystore.db.raft.log;

import org.jspecify.annotations.NullMarked;
