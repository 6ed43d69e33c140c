/** Calls to nodes over HTTP: what one node, or {@code toyctl}, asks another for. */
@NullMarked
package toystore.calls;

import org.jspecify.annotations.NullMarked;
