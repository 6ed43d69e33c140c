/** Runs with faults: throwaway stores, trials, and their reports. */
@NullMarked
package toystore.toyctl.chaos;

import org.jspecify.annotations.NullMarked;
