/** Load generators and what they measured. */
@NullMarked
package toystore.toyctl.chaos.load;

import org.jspecify.annotations.NullMarked;
