/** Connections and messages between members. */
@NullMarked
package toystore.db.raft.transport;

import org.jspecify.annotations.NullMarked;
