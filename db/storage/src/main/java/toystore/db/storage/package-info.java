/** One H2 file a node, and what it needs to be trusted. Invariants: {@code DESIGN.md} beside. */
@NullMarked
package toystore.db.storage;

import org.jspecify.annotations.NullMarked;
