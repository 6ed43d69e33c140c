/** A client for single nodes: their status, their logs, and which of them leads. */
@NullMarked
package toystore.toyctl.cluster.nodes;

import org.jspecify.annotations.NullMarked;
