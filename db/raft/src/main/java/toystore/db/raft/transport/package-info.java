/** Connections and messages between the members of a group. */
@NullMarked
package toystore.db.raft.transport;

import org.jspecify.annotations.NullMarked;
