/** The state of all nodes at one moment. */
@NullMarked
package toystore.toyctl.cluster.status;

import org.jspecify.annotations.NullMarked;
