/** Clients that shop while a store is harmed, and checkers of what they saw. */
@NullMarked
package toystore.toyctl.chaos.check;

import org.jspecify.annotations.NullMarked;
