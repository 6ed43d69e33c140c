/** The H2 file of a node, written by one thread. */
@NullMarked
package toystore.db.storage;

import org.jspecify.annotations.NullMarked;
