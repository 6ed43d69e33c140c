/** Purchases and the order log. */
@NullMarked
package toystore.order;

import org.jspecify.annotations.NullMarked;
