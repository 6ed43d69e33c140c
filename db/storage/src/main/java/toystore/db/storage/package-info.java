/** The H2 file of a node: one thread writes it, a small pool of connections reads it. */
@NullMarked
package toystore.db.storage;

import org.jspecify.annotations.NullMarked;
