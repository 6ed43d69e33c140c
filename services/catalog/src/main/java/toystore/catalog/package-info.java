/** Products, holds, restock. See {@code DESIGN.md}. */
@NullMarked
package toystore.catalog;

import org.jspecify.annotations.NullMarked;
