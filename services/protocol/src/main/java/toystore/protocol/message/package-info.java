/** Messages between nodes, and what nodes tell operators. */
@NullMarked
package toystore.protocol.message;

import org.jspecify.annotations.NullMarked;
