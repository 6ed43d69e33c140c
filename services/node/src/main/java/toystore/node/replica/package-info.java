/**
 * A node as a member of a replicated group: the start, the rebuilding of lost files, and the rules
 * for answering requests.
 */
@NullMarked
package toystore.node.replica;

import org.jspecify.annotations.NullMarked;
