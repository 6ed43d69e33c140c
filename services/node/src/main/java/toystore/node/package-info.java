/** The process of a node: its arguments, its directory, and its end. */
@NullMarked
package toystore.node;

import org.jspecify.annotations.NullMarked;
