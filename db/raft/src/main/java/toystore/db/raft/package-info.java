/**
 * The built-in engine of the replicated log. This package connects the protocol, the files and the
 * transport of one member.
 */
@NullMarked
package toystore.db.raft;

import org.jspecify.annotations.NullMarked;
