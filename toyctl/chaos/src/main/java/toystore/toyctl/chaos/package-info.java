/** Experiments that inject faults into a throwaway store under load, and their reports. */
@NullMarked
package toystore.toyctl.chaos;

import org.jspecify.annotations.NullMarked;
