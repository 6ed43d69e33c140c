/** The client of the public API, and deadlines. */
@NullMarked
package toystore.client;

import org.jspecify.annotations.NullMarked;
