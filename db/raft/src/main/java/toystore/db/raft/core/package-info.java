/** The Raft protocol as the state machine of one member. It uses no thread, file or socket. */
@NullMarked
package toystore.db.raft.core;

import org.jspecify.annotations.NullMarked;
