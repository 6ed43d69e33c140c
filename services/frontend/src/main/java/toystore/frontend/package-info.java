/** The front end: the public API, a product cache, and the way to the order leader. */
@NullMarked
package toystore.frontend;

import org.jspecify.annotations.NullMarked;
