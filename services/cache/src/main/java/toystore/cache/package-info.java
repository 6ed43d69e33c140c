/** Both sides of the protocol that keeps product caches fresh. */
@NullMarked
package toystore.cache;

import org.jspecify.annotations.NullMarked;
