/**
 * Calls to nodes: messages of one node to another as frames, and what nodes and {@code toyctl} read
 * over HTTP.
 */
@NullMarked
package toystore.calls;

import org.jspecify.annotations.NullMarked;
