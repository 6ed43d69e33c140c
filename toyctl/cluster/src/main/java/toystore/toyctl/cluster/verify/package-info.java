/** Compares replicas row by row, and stock with orders. */
@NullMarked
package toystore.toyctl.cluster.verify;

import org.jspecify.annotations.NullMarked;
