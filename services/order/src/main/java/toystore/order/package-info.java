/** Purchases, the order log, and the resolution of doubtful holds. See {@code DESIGN.md}. */
@NullMarked
package toystore.order;

import org.jspecify.annotations.NullMarked;
