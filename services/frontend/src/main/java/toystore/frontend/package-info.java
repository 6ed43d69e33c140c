/** The front end: the public API, cached product queries, and forwarding of purchases. */
@NullMarked
package toystore.frontend;

import org.jspecify.annotations.NullMarked;
