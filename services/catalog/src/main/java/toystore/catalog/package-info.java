/** The process of a catalog: products, holds on stock, and restocking. */
@NullMarked
package toystore.catalog;

import org.jspecify.annotations.NullMarked;
