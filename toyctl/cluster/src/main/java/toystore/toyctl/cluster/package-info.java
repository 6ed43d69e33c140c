/** Exit codes, errors, parallel execution and text tables: shared by all packages below. */
@NullMarked
package toystore.toyctl.cluster;

import org.jspecify.annotations.NullMarked;
