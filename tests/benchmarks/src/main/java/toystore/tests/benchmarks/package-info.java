/** The settings of all benchmarks. */
@NullMarked
package toystore.tests.benchmarks;

import org.jspecify.annotations.NullMarked;
