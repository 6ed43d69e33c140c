/** The types, limits, paths and headers of the public API. */
@NullMarked
package toystore.protocol.api;

import org.jspecify.annotations.NullMarked;
