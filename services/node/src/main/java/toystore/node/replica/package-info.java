/** A node that is a member of a replicated group: its file, its log, and who may answer. */
@NullMarked
package toystore.node.replica;

import org.jspecify.annotations.NullMarked;
