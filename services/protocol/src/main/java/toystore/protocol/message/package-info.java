/** Messages between nodes, and the reports of nodes to operators. */
@NullMarked
package toystore.protocol.message;

import org.jspecify.annotations.NullMarked;
