/** Products, holds, restock, and the leases of product caches. See {@code DESIGN.md}. */
@NullMarked
package toystore.catalog;

import org.jspecify.annotations.NullMarked;
