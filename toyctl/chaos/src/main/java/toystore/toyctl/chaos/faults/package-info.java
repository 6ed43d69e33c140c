/** Faults that are done to running processes, disks and networks, and undone. */
@NullMarked
package toystore.toyctl.chaos.faults;

import org.jspecify.annotations.NullMarked;
