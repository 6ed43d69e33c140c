/** Persistent connections to nodes, which clients and nodes use. */
@NullMarked
package toystore.client.http;

import org.jspecify.annotations.NullMarked;
