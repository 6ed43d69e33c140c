/** Limits that keep many or large requests from exhausting a node. */
@NullMarked
package toystore.node.limit;

import org.jspecify.annotations.NullMarked;
