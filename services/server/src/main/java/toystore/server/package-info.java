/** What every node has: listeners, errors, health, metrics, and calls to other nodes. */
@NullMarked
package toystore.server;

import org.jspecify.annotations.NullMarked;
