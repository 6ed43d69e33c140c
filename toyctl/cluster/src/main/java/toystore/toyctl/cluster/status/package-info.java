/** The state of all nodes of a store at one moment. */
@NullMarked
package toystore.toyctl.cluster.status;

import org.jspecify.annotations.NullMarked;
