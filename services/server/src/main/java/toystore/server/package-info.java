/** What every node has: listeners, errors, health, metrics, and the way to a leader. */
@NullMarked
package toystore.server;

import org.jspecify.annotations.NullMarked;
