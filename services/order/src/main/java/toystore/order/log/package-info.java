/** The replicated order log: its commands and rules, its state in memory, and its H2 tables. */
@NullMarked
package toystore.order.log;

import org.jspecify.annotations.NullMarked;
