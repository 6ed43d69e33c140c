/** Training runs, which create the AOT caches of the distribution. */
@NullMarked
package toystore.toyctl.cli.training;

import org.jspecify.annotations.NullMarked;
