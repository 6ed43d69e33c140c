/** Both sides of the protocol that keeps product caches fresh. See {@code DESIGN.md}. */
@NullMarked
package toystore.cache;

import org.jspecify.annotations.NullMarked;
