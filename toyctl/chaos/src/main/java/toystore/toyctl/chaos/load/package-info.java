/** Load generators, and the latency and throughput that they measure. */
@NullMarked
package toystore.toyctl.chaos.load;

import org.jspecify.annotations.NullMarked;
