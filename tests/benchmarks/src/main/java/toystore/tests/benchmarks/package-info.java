/** Settings that all benchmarks share. */
@NullMarked
package toystore.tests.benchmarks;

import org.jspecify.annotations.NullMarked;
