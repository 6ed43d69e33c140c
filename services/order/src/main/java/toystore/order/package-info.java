/** The process of an order replica: its HTTP endpoints, and the decisions of a leader. */
@NullMarked
package toystore.order;

import org.jspecify.annotations.NullMarked;
