/**
 * Faults for a running store, the clients that shop meanwhile, and what checks what they saw. See
 * {@code DESIGN.md}.
 */
@NullMarked
package toystore.faults;

import org.jspecify.annotations.NullMarked;
