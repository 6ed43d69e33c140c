/** A workload of concurrent clients, and checkers of what the clients observe. */
@NullMarked
package toystore.toyctl.chaos.check;

import org.jspecify.annotations.NullMarked;
