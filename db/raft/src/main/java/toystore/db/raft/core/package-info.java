/** The Raft protocol as one member decides it: no thread, no file, no socket. */
@NullMarked
package toystore.db.raft.core;

import org.jspecify.annotations.NullMarked;
