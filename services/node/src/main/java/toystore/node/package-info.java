/** The process of a node: arguments, data directory, start, stop and halt. */
@NullMarked
package toystore.node;

import org.jspecify.annotations.NullMarked;
