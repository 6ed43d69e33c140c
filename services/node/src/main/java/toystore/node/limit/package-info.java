/** Limits that keep many or large requests from exhausting the memory of a node. */
@NullMarked
package toystore.node.limit;

import org.jspecify.annotations.NullMarked;
