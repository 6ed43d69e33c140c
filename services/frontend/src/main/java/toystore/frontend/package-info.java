/** The public API, the product cache, and the way to the leaders. See {@code DESIGN.md}. */
@NullMarked
package toystore.frontend;

import org.jspecify.annotations.NullMarked;
