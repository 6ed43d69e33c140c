/** Calls between nodes: connections, batches, the search for the leader, and the handlers. */
@NullMarked
package toystore.node.rpc;

import org.jspecify.annotations.NullMarked;
