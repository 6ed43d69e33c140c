/** The length prefix that delimits frames on a connection, for any protocol. */
@NullMarked
package toystore.db.framing;

import org.jspecify.annotations.NullMarked;
