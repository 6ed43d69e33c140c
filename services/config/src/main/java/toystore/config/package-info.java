/** The settings of a store and the nodes that it consists of. */
@NullMarked
package toystore.config;

import org.jspecify.annotations.NullMarked;
