/** Faults that can be injected into running processes, disks and networks, and healed again. */
@NullMarked
package toystore.toyctl.chaos.faults;

import org.jspecify.annotations.NullMarked;
