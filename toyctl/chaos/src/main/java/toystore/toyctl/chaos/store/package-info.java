/** Throwaway stores of real processes, into which faults can be injected. */
@NullMarked
package toystore.toyctl.chaos.store;

import org.jspecify.annotations.NullMarked;
