/** Calls between nodes: sending them, batching them, finding the leader, answering them. */
@NullMarked
package toystore.node.rpc;

import org.jspecify.annotations.NullMarked;
