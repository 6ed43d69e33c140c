/** A leader's replication of its log to each follower. */
@NullMarked
package toystore.db.raft.replication;

import org.jspecify.annotations.NullMarked;
