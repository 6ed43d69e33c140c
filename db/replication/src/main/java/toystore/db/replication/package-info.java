/** A replicated log by Raft. What is not public here is nobody else's business. */
@NullMarked
package toystore.db.replication;

import org.jspecify.annotations.NullMarked;
