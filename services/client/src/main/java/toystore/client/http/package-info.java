/** HTTP connections that are kept open, used by one exchange at a time. */
@NullMarked
package toystore.client.http;

import org.jspecify.annotations.NullMarked;
