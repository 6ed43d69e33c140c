/** What clients of the public API send and receive. */
@NullMarked
package toystore.protocol.api;

import org.jspecify.annotations.NullMarked;
