/**
 * Verification of a store: compares the replicas with each other, and the stock with the orders.
 */
@NullMarked
package toystore.toyctl.cluster.verify;

import org.jspecify.annotations.NullMarked;
