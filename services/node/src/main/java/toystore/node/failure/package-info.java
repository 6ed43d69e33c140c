/** Why a node refuses a request or its own start, and the response to a failed request. */
@NullMarked
package toystore.node.failure;

import org.jspecify.annotations.NullMarked;
