/**
 * The built-in engine of the replicated log. This package ties the decisions, the files and the
 * transport of a member together.
 */
@NullMarked
package toystore.db.raft;

import org.jspecify.annotations.NullMarked;
