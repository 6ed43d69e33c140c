/** Why a node refuses a request or its own start, and how such a failure is answered. */
@NullMarked
package toystore.node.failure;

import org.jspecify.annotations.NullMarked;
