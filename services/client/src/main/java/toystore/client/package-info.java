/** The client of the public API. */
@NullMarked
package toystore.client;

import org.jspecify.annotations.NullMarked;
